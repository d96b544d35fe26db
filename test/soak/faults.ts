import { setTimeout as sleep } from 'node:timers/promises'
import type { SoakClinic } from './soak-clinic.ts'
import type { SoakProgram } from './soak-program.ts'
import type { SoakRandom } from './soak-random.ts'

export interface Fault {
  readonly name: string
  /** How often it is drawn, compared with the others of its kind. */
  readonly weight: number
  /** True = a program ends: only in the first half of a soak, so that memory can be judged over long lives after it. */
  readonly endsProgram: boolean
  happen(on: FaultGround): Promise<void>
}

/** Where a fault happens. It is over, and what it broke is whole again, when `happen` resolves. */
interface FaultGround {
  readonly clinic: SoakClinic
  readonly random: SoakRandom
  /** The longest time that anything is away, frozen or slow. */
  readonly longestMs: number
  /** The soak has ended: what is broken is made whole at once. */
  readonly signal: AbortSignal
}

/** Faults of the programs; one at a time. */
export const PROGRAM_FAULTS: readonly Fault[] = [
  restart('agent killed', 4, ({ clinic }) => [clinic.agent], 'kill'),
  restart('center killed', 4, ({ clinic }) => [clinic.center], 'kill'),
  restart('both killed', 1, ({ clinic }) => [clinic.agent, clinic.center], 'kill'),
  restart('agent restarted', 2, ({ clinic }) => [clinic.agent], 'stop'),
  restart('center restarted', 2, ({ clinic }) => [clinic.center], 'stop'),
  {
    name: 'index deleted',
    weight: 2,
    endsProgram: true,
    async happen({ clinic, random }) {
      await (random.chance(0.5) ? clinic.agent.stop() : clinic.agent.kill())
      clinic.deleteIndex()
      await clinic.agent.start()
    },
  },
  frozen('agent frozen', ({ clinic }) => clinic.agent),
  frozen('center frozen', ({ clinic }) => clinic.center),
]

/** Faults of the lines, between devices and agent (the door) and between agent and center; one at a time. */
export const LINE_FAULTS: readonly Fault[] = [
  lineFault('line cut', 3, async ({ clinic }) => clinic.line.cut()),
  lineFault('line cut in the middle', 3, async ({ clinic, random }) => {
    clinic.line.cutAfter(random.betweenMagnitudes(1_000, 2_000_000))
  }),
  lineFault('line refused', 2, async (ground) => {
    ground.clinic.line.isRefusing = true
    ground.clinic.line.cut()
    await aWhile(ground)
    ground.clinic.line.isRefusing = false
  }),
  lineFault('line slow', 2, async (ground) => {
    ground.clinic.line.bytesPerSecond = ground.random.betweenMagnitudes(16_384, 524_288)
    await aWhile(ground)
    ground.clinic.line.bytesPerSecond = Number.POSITIVE_INFINITY
  }),
  lineFault('devices cut off', 2, async ({ clinic }) => clinic.door.cut()),
]

/** Lets faults happen, `everyMs` apart on average, until the signal; each is told to `onFault` before it happens. */
export async function runFaults(
  choose: () => readonly Fault[],
  ground: FaultGround,
  everyMs: number,
  onFault: (name: string) => void,
): Promise<void> {
  const { random, signal } = ground
  for (;;) {
    await sleep(random.pauseMs(everyMs), undefined, { signal }).catch(() => {})
    const faults = choose()
    if (signal.aborted) return
    if (faults.length === 0) continue
    const fault = draw(faults, random)
    onFault(fault.name)
    await fault.happen(ground)
  }
}

function restart(
  name: string,
  weight: number,
  of: (on: FaultGround) => readonly SoakProgram[],
  how: 'kill' | 'stop',
): Fault {
  return {
    name,
    weight,
    endsProgram: true,
    async happen(ground) {
      const programs = of(ground)
      await Promise.all(programs.map((program) => program[how]()))
      if (ground.random.chance(0.3)) await aWhile(ground)
      await Promise.all(programs.map((program) => program.start()))
    },
  }
}

function frozen(name: string, of: (on: FaultGround) => SoakProgram): Fault {
  return {
    name,
    weight: 2,
    endsProgram: false,
    async happen(ground) {
      await of(ground).freeze(ground.random.between(500, ground.longestMs), ground.signal)
    },
  }
}

function lineFault(name: string, weight: number, happen: (on: FaultGround) => Promise<void>): Fault {
  return { name, weight, endsProgram: false, happen }
}

async function aWhile({ random, longestMs, signal }: FaultGround): Promise<void> {
  await sleep(random.between(500, longestMs), undefined, { signal }).catch(() => {})
}

function draw(faults: readonly Fault[], random: SoakRandom): Fault {
  return random.pick(faults.flatMap((fault) => Array.from({ length: fault.weight }, () => fault)))
}
