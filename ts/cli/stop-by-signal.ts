/** While a command runs that ends orderly when it is told to: its signal, aborted by SIGINT and SIGTERM. */
export function stopBySignal(): { readonly signal: AbortSignal } & Disposable {
  const abort = new AbortController()
  const stop = () => abort.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  return {
    signal: abort.signal,
    [Symbol.dispose]: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  }
}
