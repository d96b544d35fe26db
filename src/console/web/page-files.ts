import { existsSync, readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { Level } from '../views/status-sentences.ts'

interface PageFile {
  readonly type: string
  readonly read: () => string | Buffer
}

/** Colours of the icon by what the status says; `none`: the agent has not answered. */
const COLOURS: Readonly<Record<Level | 'none', string>> = {
  act: '#c62828',
  decide: '#b26a00',
  coping: '#b26a00',
  well: '#2e7d32',
  none: '#777777',
}

const SCRIPT = 'text/javascript; charset=utf-8'

/** The files of one page: its own script and document, the style of all pages, and the icons. */
export class PageFiles {
  readonly #files: Readonly<Record<string, PageFile>>

  /** `folder` of src/pages; `styles`: its own style sheets. */
  constructor(folder: 'agent' | 'center', styles: readonly string[] = []) {
    this.#files = {
      '/': { type: 'text/html; charset=utf-8', read: () => read(folder, 'page.html') },
      '/page.js': { type: SCRIPT, read: () => read(folder, 'page.js') },
      ...Object.fromEntries([styleOf('agent', 'page.css'), ...styles.map((name) => styleOf(folder, name))]),
      ...ICONS,
    }
  }

  /** Sends a file of the page; returns false for a path that none has. Nothing is kept in memory between requests. */
  send(response: ServerResponse, path: string, headers: Readonly<Record<string, string>>): boolean {
    const file = Object.hasOwn(this.#files, path) ? this.#files[path] : undefined
    if (file === undefined) return false
    response
      .writeHead(200, { ...headers, 'content-type': file.type, 'content-security-policy': POLICY })
      .end(file.read())
    return true
  }
}

const styleOf = (folder: string, name: string): [string, PageFile] => [
  `/${name}`,
  { type: 'text/css; charset=utf-8', read: () => read(folder, name) },
]

const ICONS: Readonly<Record<string, PageFile>> = Object.fromEntries(
  Object.entries(COLOURS).map(([name, colour]) => [
    `/icon-${name}.svg`,
    { type: 'image/svg+xml', read: () => icon(colour, name === 'act' || name === 'decide') },
  ]),
)

/** Only what this server serves may be loaded, and no text becomes a script; nothing may frame the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** The bundled script is beside the compiled page; a program that runs from its sources takes it from there. */
function read(folder: string, name: string): Buffer {
  const beside = new URL(`../../pages/${folder}/${name}`, import.meta.url)
  return readFileSync(
    existsSync(beside) ? beside : new URL(`../../../dist/pages/${folder}/${name}`, import.meta.url),
  )
}

/** The colour alone would tell nothing to some people: what needs a person has a mark. */
function icon(colour: string, isMarked: boolean): string {
  const mark = isMarked
    ? '<path d="M16 7v11M16 22v3" stroke="#fff" stroke-width="4" stroke-linecap="round"/>'
    : '<path d="M9 16.5l5 5 9-11" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/>'
  const shape = `<rect width="32" height="32" rx="7" fill="${colour}"/>`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${shape}${mark}</svg>`
}
