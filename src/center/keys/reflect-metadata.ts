type Metadata = Map<unknown, unknown>

/**
 * Puts the three functions of the Reflect Metadata proposal that @peculiar/x509's container calls while it is loaded
 * onto `Reflect`, unless a fuller polyfill is there. Called before that package is imported, by the one who imports it.
 */
export function provideReflectMetadata(): void {
  if ('getMetadata' in Reflect) return
  const store = new WeakMap<object, Metadata>()
  const getOwnMetadata = (key: unknown, target: object): unknown => store.get(target)?.get(key)
  Object.assign(Reflect, {
    defineMetadata(key: unknown, value: unknown, target: object): void {
      const metadata = store.get(target) ?? new Map<unknown, unknown>()
      store.set(target, metadata.set(key, value))
    },
    getOwnMetadata,
    getMetadata(key: unknown, target: object): unknown {
      for (let at: unknown = target; typeof at === 'function' || (typeof at === 'object' && at !== null); ) {
        if (store.get(at)?.has(key)) return getOwnMetadata(key, at)
        at = Object.getPrototypeOf(at)
      }
      return undefined
    },
  })
}
