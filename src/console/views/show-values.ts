import type { Say } from '../language/language.ts'

export { showBytes } from '../../platform/show-bytes.ts'

/** The two largest units: `3 d 4 h`, `52 min`, `8 s`. */
export function showDuration(ms: number, say: Say): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts = [
    ['unit.days', Math.floor(seconds / 86_400)],
    ['unit.hours', Math.floor(seconds / 3600) % 24],
    ['unit.minutes', Math.floor(seconds / 60) % 60],
    ['unit.seconds', seconds % 60],
  ] as const
  const first = parts.findIndex(([, n]) => n > 0)
  if (first === -1) return say('unit.seconds', { n: 0 })
  const shown = first >= 2 ? parts.slice(first, first + 1) : parts.slice(first, first + 2)
  return shown
    .filter(([, n]) => n > 0)
    .map(([unit, n]) => say(unit, { n }))
    .join(' ')
}

/** Returns local time, with the date unless it is today's. */
export function showTime(time: number, now: number): string {
  const [day, clock] = localTime(time)
  return day === localTime(now)[0] ? clock : `${day} ${clock}`
}

function localTime(time: number): [day: string, clock: string] {
  const date = new Date(time)
  return [
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
  ]
}

const two = (n: number): string => String(n).padStart(2, '0')
