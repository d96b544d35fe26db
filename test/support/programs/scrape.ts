import { execFileSync } from 'node:child_process'

/** One value of a scrape: its name with its labels, as the text writes them. */
type Scraped = ReadonlyMap<string, number>

/** Reads the text format; a line that is neither a comment nor a value throws. */
function parseMetrics(text: string): Scraped {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name = '', value = ''] = /^([a-z_0-9]+(?:\{.*\})?) (\S+)$/.exec(line) ?? []
    if (name === '' || values.has(name)) throw new Error(`not a value, or a second one: ${line}`)
    values.set(name, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value))
  }
  return values
}

export async function scrape(url: string): Promise<Scraped> {
  return parseMetrics(await (await fetch(url)).text())
}

/** Has promtool read a scrape and check its names; returns its objections. */
export function promtoolObjections(text: string): string {
  try {
    return execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return String(error)
  }
}
