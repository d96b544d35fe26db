import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { FOLDERS_FILE, systemPaths } from '../../src/platform/system-paths.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('a program from a clone looks where the packages put things, and is not an installed one', () => {
  using folder = tempFolder()
  const at = (platform: NodeJS.Platform) => ({ platform, programFolder: folder.path })
  expect(systemPaths('agent', at('linux'))).toEqual({
    configFile: '/etc/ferry/ferry.yaml',
    dataFolder: '/var/lib/ferry',
    isInstalled: false,
  })
  expect(systemPaths('center', at('linux'))).toEqual({
    configFile: '/etc/ferry/center.yaml',
    dataFolder: '/var/lib/ferry-center',
    isInstalled: false,
  })
  expect(systemPaths('agent', at('win32'))).toEqual({
    configFile: 'C:\\ProgramData\\Ferry\\ferry.yaml',
    dataFolder: 'C:\\ProgramData\\Ferry\\data',
    isInstalled: false,
  })
})

test('the installer names the folders, in UTF-8 or in UTF-16 as Windows installers write it', () => {
  using folder = tempFolder()
  const text = 'config=/srv/影像 设置\r\ndata=/srv/影像 数据\r\n'
  for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
    writeFileSync(folder.join(FOLDERS_FILE), bytes)
    expect(systemPaths('agent', { platform: 'linux', programFolder: folder.path })).toEqual({
      configFile: '/srv/影像 设置/ferry.yaml',
      dataFolder: '/srv/影像 数据',
      isInstalled: true,
    })
  }
})

test.each([
  ['', 'found nothing after config='],
  ['config=/etc/ferry\n', 'found nothing after data='],
  ['config=/etc/ferry\ndata=data\n', 'found "data" after data=, expected an absolute folder'],
])('a damaged file of the installer is named: %j', (text, message) => {
  using folder = tempFolder()
  writeFileSync(folder.join(FOLDERS_FILE), text)
  const read = () => systemPaths('agent', { platform: 'linux', programFolder: folder.path })
  expect(read).toThrow(message)
  expect(read).toThrow(folder.join(FOLDERS_FILE))
})
