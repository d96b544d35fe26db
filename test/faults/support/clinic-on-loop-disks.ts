import { join } from 'node:path'
import { DEFAULT_LIMITS } from '../../../src/center/center.ts'
import { initCenter } from '../../../src/center/keys/center-keys.ts'
import { startProgram } from '../../support/programs/child-process.ts'
import { joinTestCenter, testSettings } from '../../support/programs/clinic.ts'
import type { Random } from '../../support/random.ts'
import { ConfirmationLog } from './confirmation-log.ts'
import { DeviceFeed } from './device-feed.ts'
import type { FileSystem } from './loop-image.ts'
import { LoopMachine, type StartProgram } from './loop-machine.ts'

const DEVICES = 3

interface LoopClinicOptions {
  /** A folder on a file system that can clone files. */
  outer: string
  /** Where disks are mounted; short, since the agent's control socket lies below it. */
  mounts: string
  fileSystem: FileSystem
  random: Random
  /** Before both programs, eatmydata say. */
  wrapper?: readonly string[]
}

/** An agent and a center as processes, each on a disk of its own that can be cut, under a feed of devices. */
export interface LoopClinic extends AsyncDisposable {
  agent: LoopMachine
  center: LoopMachine
  startAgent: StartProgram
  startCenter: StartProgram
  feed: DeviceFeed
  log: ConfirmationLog
}

/** Opens both, joins them and lets the devices begin. */
export async function openLoopClinic(options: LoopClinicOptions): Promise<LoopClinic> {
  const { outer, mounts, fileSystem, random, wrapper = [] } = options
  await using stack = new AsyncDisposableStack()
  const center = stack.use(await LoopMachine.make(outer, join(mounts, 'c'), 'center', fileSystem))
  const agent = stack.use(await LoopMachine.make(outer, join(mounts, 'a'), 'agent', fileSystem))

  const startCenter: StartProgram = (port) => {
    const limits = { ...DEFAULT_LIMITS, reserveBytes: 0 }
    const centerOptions = {
      folder: center.dataFolder,
      listen: { host: '127.0.0.1', port },
      name: 'Test center',
      limits,
    }
    return startProgram('run-center', join(mounts, 'c.json'), centerOptions, { wrapper })
  }
  const startAgent: StartProgram = (port) => {
    const settings = testSettings(agent.dataFolder, { study: { quietMs: 100 } })
    const listener = { ...settings.listener, port }
    return startProgram('run-agent', join(mounts, 'a.json'), { ...settings, listener }, { wrapper })
  }

  await initCenter(center.dataFolder, 'https://127.0.0.1', Date.now())
  await center.start(startCenter)
  await joinTestCenter(center.dataFolder, center.port, agent.dataFolder)
  await agent.start(startAgent)
  const feed = stack.use(new DeviceFeed(agent.port, DEVICES, random))
  const log = new ConfirmationLog(agent.dataFolder)
  const running = stack.move()
  return {
    agent,
    center,
    startAgent,
    startCenter,
    feed,
    log,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
