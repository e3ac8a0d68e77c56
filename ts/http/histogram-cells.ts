import { Histogram, type Registry } from 'prom-client'

export type Labels = Readonly<Record<string, string>>

/** One combination of labels of a histogram. */
export class Series {
  readonly labels: Labels
  readonly #bounds: readonly number[]
  /** How many fell in each bucket, not cumulated; the last is for what is above every bound. */
  readonly #cells: Float64Array
  #sum = 0

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels
    this.#bounds = bounds
    this.#cells = new Float64Array(bounds.length + 1)
  }

  /** Adds a value. */
  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket++
    this.#cells[bucket] = (this.#cells[bucket] ?? 0) + 1
    this.#sum += value
  }

  /** The lines of this series as Prometheus wants them: cumulated buckets, sum and count. */
  values(name: string) {
    let total = 0
    const buckets = [...this.#cells].map((cell, i) => {
      total += cell
      return { metricName: `${name}_bucket`, labels: { ...this.labels, le: this.#bounds[i] ?? '+Inf' }, value: total }
    })
    const sum = { metricName: `${name}_sum`, labels: this.labels, value: this.#sum }
    return [...buckets, sum, { metricName: `${name}_count`, labels: this.labels, value: total }]
  }
}

/** A histogram that prom-client prints, its counts kept here. */
export class HistogramCells extends Histogram<string> {
  readonly #facts: { readonly name: string; readonly help: string }
  readonly #bounds: readonly number[]
  readonly #series: Series[] = []

  constructor(facts: { name: string; help: string; registers: Registry[] }, bounds: readonly number[]) {
    super(facts)
    this.#facts = facts
    this.#bounds = bounds
  }

  /** A new series; ask once for each combination of labels. */
  series(labels: Labels): Series {
    const series = new Series(labels, this.#bounds)
    this.#series.push(series)
    return series
  }

  override async get() {
    const { name, help } = this.#facts
    const values = this.#series.flatMap((series) => series.values(name))
    return { name, help, type: 'histogram' as never, aggregator: 'sum' as const, collect: () => {}, values }
  }

  /** What `Registry.metrics` calls; not in prom-client's types. */
  getForPromString() {
    return this.get()
  }
}
