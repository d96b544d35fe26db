import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { until } from '../clocks/until.ts'

/** Prints each datagram as one line of JSON; the descriptor of a barrier (sd_notify_barrier(3)) is closed unread. */
const RECEIVER = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(json.dumps('bound'), flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`

/** True if a service manager's socket can be played here, and a real systemd-notify writes to it. */
export const canNotify =
  process.platform === 'linux' &&
  ['systemd-notify', 'python3'].every((program) => spawnSync(program, ['--version']).error === undefined)

/** The socket of a service manager (NOTIFY_SOCKET), played by Python, since Node has no datagram sockets of AF_UNIX. */
export interface NotifySocket extends AsyncDisposable {
  readonly path: string
  /** Assignments of all messages so far, in order: `READY=1`. Barriers are left out. */
  readonly heard: readonly string[]
  /** Resolves with all that was heard once an assignment of this text has come `times` times. */
  untilHeard(text: string, times?: number): Promise<readonly string[]>
}

export async function openNotifySocket(path: string): Promise<NotifySocket> {
  const child = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const heard: string[] = []
  const lines = createInterface({ input: child.stdout })
  const bound = once(lines, 'line')
  lines.on('line', (line) => {
    const message = JSON.parse(line) as string
    if (message !== 'bound' && message !== 'BARRIER=1') heard.push(...message.split('\n').filter(Boolean))
  })
  await bound
  return {
    path,
    heard,
    untilHeard: (text, times = 1) =>
      until(
        () => heard,
        (all) => all.filter((one) => one.includes(text)).length >= times,
      ),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
