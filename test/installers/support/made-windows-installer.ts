import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { hasMakensis } from '../../../build/package/make-windows-installer.ts'
import { hasStorescu } from '../../support/peers/storescu.ts'
import { hasWine, nodeForWine } from '../../support/peers/wine.ts'

/** The reason why no Windows of wine gets an installer here; undefined if one can. */
export function whyNoWindows(): string | undefined {
  if (process.env['FERRY_WINDOWS'] !== '1') return 'runs with FERRY_WINDOWS=1'
  const missing = [
    ...(hasWine() ? [] : ['wine']),
    ...(hasMakensis() ? [] : ['makensis']),
    ...(hasStorescu() ? [] : ["DCMTK's storescu"]),
  ]
  return missing.length > 0 ? `needs ${missing.join(' and ')}` : undefined
}

/** Makes an installer with the runtime for wine; `npm run build` was run before. One that is there is taken. */
export function makeInstaller(folder: string, version: string): string {
  const to = join(folder, version)
  const setup = join(to, `ferry-agent_${version}_x64-setup.exe`)
  const script = ['--disable-warning=ExperimentalWarning', 'build/package/make-windows.ts']
  const options = ['--compress', 'zlib', '--version', version, '--runtime', nodeForWine(), '--to', to]
  if (!existsSync(setup)) execFileSync(process.execPath, [...script, ...options], { stdio: 'ignore' })
  return setup
}
