import { expect, test } from '@jest/globals'
import type { RunTool } from '../../src/platform/host/run-tool.ts'
import { windowsPortHolder } from '../../src/platform/host/windows-port-holder.ts'
import { readWindowsService } from '../../src/platform/host/windows-service.ts'

/** Answers of Windows in Chinese, by the name of the tool and its first argument. */
function windows(answers: Readonly<Record<string, string>>): RunTool {
  return (name, ...args) => {
    const out = answers[`${name} ${args[0]}`]
    return Promise.resolve(out === undefined ? { exitCode: 1060, out: '' } : { exitCode: 0, out })
  }
}

test('the program at a port of a Chinese Windows is found by number, whatever the words are', async () => {
  const run = windows({
    'netstat -ano':
      '\r\n活动连接\r\n\r\n  协议  本地地址          外部地址        状态           PID\r\n  TCP    0.0.0.0:11112   10.0.0.1:40000  ESTABLISHED  7\r\n  TCP    0.0.0.0:11112   0.0.0.0:0       LISTENING    4321\r\n',
    'tasklist /FI': '"storescp.exe","4321","Services","0","12,345 K"\r\n',
  })
  expect(await windowsPortHolder(11_112, run)).toEqual({ name: 'storescp.exe', pid: 4321 })
  expect(await windowsPortHolder(1112, run)).toBeUndefined()
})

test('the state of a service of a Chinese Windows is read by its numbers', async () => {
  const state =
    'SERVICE_NAME: Ferry\r\n        类型               : 10  WIN32_OWN_PROCESS\r\n        状态               : 1  STOPPED\r\n'
  const settings = '        START_TYPE         : 4   DISABLED\r\n'
  const run = windows({ 'sc query': state, 'sc qc': settings })
  expect(await readWindowsService('Ferry', run)).toEqual({
    state: 'stopped',
    isAutomatic: false,
    isDisabled: true,
  })
  expect(await readWindowsService('Ferry', windows({}))).toBe('absent')
})
