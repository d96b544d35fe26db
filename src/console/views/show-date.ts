const two = (n: number): string => String(n).padStart(2, '0')

/** The hour of this machine's clock: `08:00`. */
export const hourName = (at: number): string => `${two(new Date(at).getHours())}:00`

/** Month and day of this machine's calendar: `12-01`. */
export const dayName = (at: number): string =>
  `${two(new Date(at).getMonth() + 1)}-${two(new Date(at).getDate())}`
