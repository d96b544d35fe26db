const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.2 GiB`. */
export function showBytes(bytes: number): string {
  let unit = 0
  let size = Math.max(0, bytes)
  while (size >= 1024 && unit < SIZES.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${SIZES[unit]}`
}
