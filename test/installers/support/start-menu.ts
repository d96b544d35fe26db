import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../support/clocks/until.ts'
import type { WinePrefix } from '../../support/peers/wine.ts'

const LINK = String.raw`"C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Ferry\影渡.lnk"`
const BROWSERS = String.raw`HKCU\Software\Wine\WineBrowser`
const BROWSER_MS = 20_000

/** The Start menu of a Windows of wine, and a browser that notes the address to which it is led. */
export class StartMenu {
  readonly #windows: WinePrefix
  readonly #browser: string
  readonly #opened: string

  constructor(windows: WinePrefix, folder: string) {
    this.#windows = windows
    this.#browser = join(folder, 'browser')
    this.#opened = join(folder, 'opened')
  }

  /** Makes the browser that of Windows. */
  async useBrowser(): Promise<void> {
    writeFileSync(this.#browser, `#!/bin/sh\nprintf '%s' "$1" > ${this.#opened}\n`)
    chmodSync(this.#browser, 0o755)
    await this.#windows.start('reg', ['add', BROWSERS, '/v', 'Browsers', '/d', this.#browser, '/f'])
  }

  /** Clicks on the entry of Ferry, in Chinese. Resolves with the address to which it led; '' if no browser opened. */
  async openFerry(): Promise<string> {
    rmSync(this.#opened, { force: true })
    await this.#windows.start('cmd', ['/c', 'start', '/wait', '""', LINK])
    // The command does not wait for the browser.
    return until(
      () => (existsSync(this.#opened) ? readFileSync(this.#opened, 'utf8') : ''),
      (url) => url !== '',
      BROWSER_MS,
    ).catch(() => '')
  }
}
