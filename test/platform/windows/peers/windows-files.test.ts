import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { lockedFolder } from '../../../../build/package/node-runtime.ts'
import { hasWine, nodeForWine, WinePrefix, windowsPath } from '../../../support/peers/wine.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const group = hasWine() ? describe : describe.skip

/** Runs in Windows and prints what it has found. `SRC` is the URL of our sources there. */
const SCRIPT = String.raw`
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import koffi from 'koffi'
const [, , SRC, folder, small, child] = process.argv
const { createDurably, HeldFolder, replaceDurably, syncFolder, writeDurably } = await import(SRC + 'platform/durable-file.ts')
const { lockFolder } = await import(SRC + 'platform/folder-lock.ts')
const { checkPathLength } = await import(SRC + 'platform/check-path-length.ts')
const { retryWhileHeld } = await import(SRC + 'platform/retry-while-held.ts')
const { LogFile } = await import(SRC + 'platform/log-file.ts')
const { runTool } = await import(SRC + 'platform/host/run-tool.ts')
const { askWindowsFirewall } = await import(SRC + 'platform/host/windows-firewall.ts')
const { readWindowsService } = await import(SRC + 'platform/host/windows-service.ts')
const { listenFailure } = await import(SRC + 'platform/port-holder.ts')
const { sweep } = await import(SRC + 'agent/arrival/folders/sweep.ts')
const { SourceFile } = await import(SRC + 'agent/arrival/folders/source-file.ts')
const { realPathOf } = await import(SRC + 'agent/arrival/folders/real-path.ts')
const { controlSocketPath } = await import(SRC + 'protocol/control-api.ts')
const codeOf = async (work) => { try { await work(); return 'none' } catch (error) { return error.code } }
if (child === 'lock') {
  process.exitCode = (await codeOf(() => lockFolder(folder, 'Ferry agent'))) === 'ALREADY_RUNNING' ? 7 : 8
} else {
  const found = {}
  mkdirSync(folder, { recursive: true })
  found.plainFolderSync = await codeOf(async () => { const handle = await open(folder, 'r'); try { await handle.sync() } finally { await handle.close() } })
  found.syncFolder = await codeOf(() => syncFolder(folder))
  found.heldFolder = await codeOf(async () => { using held = new HeldFolder(folder); await held.sync() })
  const file = join(folder, '设置 一.yaml')
  found.write = await codeOf(() => writeDurably(file, 'one'))
  found.writeAgain = await codeOf(() => writeDurably(file, 'two'))
  found.create = await codeOf(() => createDurably(join(folder, '新 文件'), 'new'))
  found.createAgain = await codeOf(() => createDurably(join(folder, '新 文件'), 'other'))
  const kernel = koffi.load('kernel32.dll')
  const openFile = kernel.func('__stdcall', 'CreateFileW', 'intptr', ['str16', 'uint32', 'uint32', 'void *', 'uint32', 'uint32', 'void *'])
  const close = kernel.func('__stdcall', 'CloseHandle', 'bool', ['intptr'])
  const hold = (path) => openFile(path, 0x80000000, 1, null, 3, 0, null)
  writeFileSync(join(folder, 'other'), 'other')
  const scanner = hold(file)
  found.plainRename = await codeOf(() => rename(join(folder, 'other'), file))
  setTimeout(() => close(scanner), 500)
  found.replace = await codeOf(() => replaceDurably(file, 'three', () => {}))
  found.content = readFileSync(file, 'utf8')
  const stays = hold(file)
  const begun = performance.now()
  found.heldForGood = await codeOf(() => retryWhileHeld(() => rename(join(folder, 'other'), file)))
  found.triedForMs = performance.now() - begun
  close(stays)
  const watched = join(folder, '监视 夹')
  mkdirSync(join(watched, '胃镜'), { recursive: true })
  const still = join(watched, '胃镜', '图像 一.jpg')
  writeFileSync(still, 'still')
  mkdirSync(join(folder, '别处'))
  writeFileSync(join(folder, '别处', '图像 一.jpg'), 'other')
  const root = await realPathOf(watched)
  const swept = (await Array.fromAsync(sweep(root, { skip: () => false, signal: new AbortController().signal }))).at(0)
  found.swept = swept.path.toString('utf8')
  const take = async () => { await using source = await SourceFile.open(root, swept); return source.digest() }
  const writer = openFile(still, 0x40000000, 3, null, 3, 0, null)
  found.plainOpen = await codeOf(async () => (await open(still, 'r')).close())
  found.openWhileWritten = await codeOf(take)
  close(writer)
  found.openAfterwards = await codeOf(take)
  await rename(join(watched, '胃镜'), join(watched, '旧'))
  // wine has no junctions; another folder of the same name is not the one that was swept either.
  await rename(join(folder, '别处'), join(watched, '胃镜'))
  found.otherFolder = await take().then(() => 'taken', (error) => error.constructor.name)
  const lock = lockFolder(folder, 'Ferry agent')
  found.lockedTwice = spawnSync(process.execPath, [process.argv[1], SRC, folder, '', 'lock'], { stdio: 'ignore' }).status
  lock.release()
  found.lockedAgain = spawnSync(process.execPath, [process.argv[1], SRC, folder, '', 'lock'], { stdio: 'ignore' }).status
  const long = (length) => 'C:\\' + 'x'.repeat(length - 3)
  found.longEnough = await codeOf(async () => checkPathLength(long(180)))
  found.tooLong = await codeOf(async () => checkPathLength(long(181)))
  found.port = listenFailure(Object.assign(new Error('listen'), { code: 'EACCES' }), 'listening', 11112).message
  found.pipe = controlSocketPath(folder)
  found.pipeInCapitals = controlSocketPath(folder.toUpperCase())
  if (small !== '') {
    const log = new LogFile({ folder: small, name: 'a.log', maxBytes: 1e6, files: 2 })
    const line = (text) => JSON.stringify({ text }) + '\n'
    log.write(line('first'))
    writeFileSync(join(small, 'other'), Buffer.alloc(48_000))
    for (let i = 0; i < 10; i++) log.write(line('x'.repeat(5000)))
    rmSync(join(small, 'other'))
    log.write(line('last'))
    log.destroy()
    found.log = readFileSync(join(small, 'a.log'), 'utf8')
  }
  // The sc of wine has no qc.
  found.service = (await readWindowsService('EventLog', runTool)) ?? 'not told'
  const starts = { exitCode: 0, out: '        START_TYPE         : 2   AUTO_START\r\n' }
  found.running = await readWindowsService('EventLog', async (name, ...args) => args[0] === 'qc' ? starts : runTool(name, ...args))
  found.firewall = await askWindowsFirewall(11112, process.execPath, runTool)
  console.log(JSON.stringify(found))
}
`

/** Kinds of the lines of a log in order, those with much text left out; throws if a line is torn. */
function linesOf(log: string): string[] {
  const lines = log
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one) as { text?: string; count?: number })
  return lines
    .map(({ text, count = 0 }) => text ?? (count > 0 ? 'dropped' : 'other'))
    .filter((kind) => !kind.startsWith('xxx'))
}

group(hasWine() ? 'under wine' : 'under wine, which is not here', () => {
  test('files, locks and paths do under Windows what they promise', async () => {
    using folder = tempFolder()
    mkdirSync(folder.join('run', 'node_modules', '@koromix'), { recursive: true })
    cpSync('node_modules/koffi', folder.join('run/node_modules/koffi'), { recursive: true })
    cpSync(
      lockedFolder('@koromix/koffi-win32-x64', join('packages', '.cache')),
      folder.join('run/node_modules/@koromix/koffi-win32-x64'),
      { recursive: true },
    )
    writeFileSync(folder.join('run', 'script.mjs'), SCRIPT)
    // A disk of 64 KiB.
    using disks = new DisposableStack()
    const small = process.getuid?.() === 0 ? folder.join('small') : ''
    if (small !== '') {
      mkdirSync(small)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small])
      disks.defer(() => void execFileSync('umount', [small]))
    }
    await using windows = new WinePrefix(folder.path)
    const sources = pathToFileURL(resolve('src')).href.replace('file:///', 'file:///Z:/')
    const { code, output, errors } = windows.run(nodeForWine(), [
      '--disable-warning=ExperimentalWarning',
      windowsPath(folder.join('run', 'script.mjs')),
      `${sources}/`,
      'C:\\影像 数据',
      small === '' ? '' : windowsPath(small),
    ])
    expect([code, errors]).toEqual([0, ''])
    const found = JSON.parse(output) as Record<string, unknown>
    // The control: Windows refuses what Linux needs, so that the branch is taken.
    expect(found['plainFolderSync']).toBe('EPERM')
    expect(found).toMatchObject({ syncFolder: 'none', heldFolder: 'none', write: 'none', create: 'none' })
    expect(found).toMatchObject({ writeAgain: 'STORAGE_ERROR', createAgain: 'STORAGE_ERROR' })
    // The control: a rename at the first attempt is refused while another program has the file open.
    expect(['EPERM', 'EACCES', 'EBUSY']).toContain(found['plainRename'])
    expect(found).toMatchObject({ replace: 'none', content: 'three' })
    expect(['EPERM', 'EACCES', 'EBUSY']).toContain(found['heldForGood'])
    expect(found['triedForMs']).toBeGreaterThan(1900)
    // The control: nothing but the exclusive access keeps a file from being read while a program writes it.
    expect(found).toMatchObject({ swept: '胃镜/图像 一.jpg', plainOpen: 'none', openAfterwards: 'none' })
    expect(['EPERM', 'EACCES', 'EBUSY']).toContain(found['openWhileWritten'])
    expect(found['otherFolder']).toBe('SourceChanged')
    expect(found).toMatchObject({ lockedTwice: 7, lockedAgain: 8 })
    expect(found).toMatchObject({ longEnough: 'none', tooLong: 'PATH_UNUSABLE' })
    expect(found['port']).toContain('Windows reserves port 11112')
    expect(found['service']).toBe('not told')
    expect(found['running']).toMatchObject({ isAutomatic: true, isDisabled: false })
    // This service of wine ends by itself after a while.
    expect(['running', 'stopped']).toContain((found['running'] as { state: string }).state)
    expect(found['firewall']).toEqual({ state: 'unseen', by: 'Windows' })
    // Only root can mount the small disk.
    const log = typeof found['log'] === 'string' ? found['log'] : ''
    expect(linesOf(log)).toEqual(small === '' ? [] : ['first', 'dropped', 'last'])
    expect(found['pipe']).toMatch(/^\\\\\.\\pipe\\ferry-[0-9a-f]{32}$/)
    expect(found['pipeInCapitals']).toBe(found['pipe'])
  }, 300_000)
})
