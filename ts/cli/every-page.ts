const limit = 200

/** All items of a list that is read in pages, one page at a time. */
export async function* everyPage<T>(
  load: (page: { limit: number; after?: string }) => Promise<{ readonly items: readonly T[]; readonly next?: string }>,
): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const page = await load(after === undefined ? { limit } : { limit, after })
    yield* page.items
    after = page.next
    if (after === undefined) return
  }
}
