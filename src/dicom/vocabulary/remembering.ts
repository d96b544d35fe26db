/** Makes a pure function remember its results. At `limit` results all are dropped: inputs from outside may never end. */
export function remembering<Key, Value>(limit: number, make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, { readonly value: Value }>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found.value
    const value = make(key)
    if (known.size >= limit) known.clear()
    known.set(key, { value })
    return value
  }
}

/** A value that is made when it is first asked for. */
export function whenAsked<Value>(make: () => Value): () => Value {
  const remembered = remembering(1, make)
  return () => remembered(undefined)
}
