import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { completionScript } from '../../src/console/completion/completion-script.ts'
import { FOLDERS_FILE } from '../../src/platform/system-paths.ts'
import type { Architecture } from './architecture.ts'
import { bundleProgram } from './bundle-program.ts'
import { copyrightFile, type ShippedWork, shippedWork } from './licences.ts'
import { commandsOf, manPage } from './man-page.ts'
import { nodeRuntime } from './node-runtime.ts'
import type { PackagedProgram } from './programs.ts'

interface TreeOptions {
  readonly program: PackagedProgram
  readonly architecture: Architecture
  readonly version: string
  /** Seconds since 1970; every file gets this time. */
  readonly time: number
  /** The root of the tree; is emptied first. */
  readonly root: string
  /** The folder of fetched runtimes. */
  readonly cache: string
}

interface StagedTree {
  readonly root: string
  readonly works: readonly ShippedWork[]
}

/** Makes the files of one package as they are on the machine where it is installed. deb, rpm and tar are made from it. */
export async function stageTree(options: TreeOptions): Promise<StagedTree> {
  const { program, architecture, version, root, cache } = options
  const { packageName, command, unit } = program
  rmSync(root, { recursive: true, force: true })
  const lib = `usr/lib/${packageName}`
  const runtime = nodeRuntime(`linux-${architecture.npm}`, cache)
  const app = join(root, lib, 'app')
  const bundled = await bundleProgram({
    entries: program.entries,
    platform: `linux-${architecture.npm}`,
    folder: app,
  })
  const works = [
    shippedWork(runtime, 'Node.js'),
    ...bundled.map((name) => shippedWork(join('node_modules', name))),
  ]
  copy(join(runtime, 'bin/node'), join(root, lib, 'node'), 0o755)
  write(join(root, lib, FOLDERS_FILE), `config=${dirname(program.configFile)}\ndata=${program.dataFolder}\n`)
  write(join(app, 'package.json'), `${JSON.stringify({ name: 'ferry', version, type: 'module' }, null, 2)}\n`)
  write(join(root, 'usr/bin', command), commandScript(program, lib), 0o755)
  copy(join('installers/systemd', unit), join(root, 'usr/lib/systemd/system', unit))
  await stageHelp(options)
  const doc = join(root, 'usr/share/doc', packageName)
  write(join(doc, 'copyright'), copyrightFile(works, `${lib}/node`))
  copy('NOTICE', join(doc, 'NOTICE'))
  writeGzip(join(doc, 'changelog.gz'), readFileSync('CHANGELOG.md'))
  mkdirSync(join(root, 'etc/ferry'), { recursive: true })
  settle(root, options.time)
  return { root, works }
}

function commandScript({ entries, environment }: PackagedProgram, lib: string): string {
  const variables = Object.entries(environment).map(([name, value]) => `export ${name}=${value}\n`)
  return `#!/bin/sh\n${variables.join('')}exec /${lib}/node --disable-warning=DEP0005 /${lib}/app/${entries[0]} "$@"\n`
}

/** Man pages in both languages, and completion for three shells. */
async function stageHelp({ program, version, time, root }: TreeOptions): Promise<void> {
  const { command } = program
  for (const [language, folder] of [
    ['en', 'man1'],
    ['zh', 'zh_CN/man1'],
  ] as const) {
    const page = manPage(await commandsOf(program, language), program, { version, time, language })
    writeGzip(join(root, 'usr/share/man', folder, `${command}.1.gz`), page)
  }
  const tree = await commandsOf(program, 'en')
  write(join(root, 'usr/share/bash-completion/completions', command), completionScript('bash', tree))
  write(join(root, 'usr/share/zsh/vendor-completions', `_${command}`), completionScript('zsh', tree))
  write(join(root, 'usr/share/fish/vendor_completions.d', `${command}.fish`), completionScript('fish', tree))
}

export function write(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, mode)
}

/** Without a time in it, as `gzip -n`. */
export function writeGzip(path: string, content: string | Buffer): void {
  write(path, gzipSync(content, { level: 9 }))
}

function copy(from: string, to: string, mode = 0o644): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to)
  chmodSync(to, mode)
}

/** Sets modes and times, which otherwise depend on the umask and the clock of the machine that builds. */
export function settle(folder: string, time: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) settle(path, time)
    else {
      chmodSync(path, (statSync(path).mode & 0o111) === 0 ? 0o644 : 0o755)
      utimesSync(path, time, time)
    }
  }
  chmodSync(folder, 0o755)
  utimesSync(folder, time, time)
}
