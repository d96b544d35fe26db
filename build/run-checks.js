// Runs scripts of package.json that check something, two at a time in the order given, and prints the output of each as one piece.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const AT_ONCE = 2
/** Lint and types are programs in Go, whose collector then runs less often: a quarter less processor time for more memory. */
const ENVIRONMENT = { ...process.env, GOGC: '400' }

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const waiting = process.argv.slice(2)
await Promise.all(Array.from({ length: AT_ONCE }, takeChecks))

async function takeChecks() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const { code, output } = await run(scripts[name])
    const isShown = code !== 0 || name.startsWith('test')
    process.stdout.write(
      `${isShown ? output : ''}${name}: ${code === 0 ? 'passed' : `failed (npm run ${name})`}\n`,
    )
    if (code !== 0) process.exitCode = 1
  }
}

/** Runs one line of a shell. Its code is null if a signal ended it. */
async function run(command) {
  const child = spawn(command, { shell: true, env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (output += text))
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  return { code, output }
}
