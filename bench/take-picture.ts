import { spawnSync } from 'node:child_process'
import type { Page } from 'playwright-core'

/** Sizes of a screen and of a phone. */
export const SIZES = { wide: { width: 1240, height: 820 }, phone: { width: 390, height: 844 } } as const

/** Writes what a page shows as a picture of 64 colours, a third of the size; pages have few. */
export async function takePicture(page: Page, path: string, fullPage = false): Promise<void> {
  await page.screenshot({ path, fullPage })
  spawnSync('convert', [
    path,
    '+dither',
    '-colors',
    '64',
    '-define',
    'png:compression-level=9',
    `PNG8:${path}`,
  ])
}
