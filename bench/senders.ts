import { Child } from './child.ts'
import { type Nagle, nagleEnvironment } from './nagle.ts'
import { type StoreScp, type StudyInstance, sendStudy } from './send-study.ts'
import { SharedLink } from './shared-link.ts'

/** A program that plays the modality. */
export interface Sender {
  readonly name: string
  readonly nagle: Nagle
  /** The program that must be there; undefined = nothing but Node. */
  readonly program?: string
  /** It is so slow that this many instances say enough. */
  readonly enough?: number
  /** `answered` is called after each instance with the ms from its first byte to its answer, if the sender knows them. */
  send(scp: StoreScp, instances: readonly StudyInstance[], answered?: (ms: number) => void): Promise<void>
}

/** Not the limit: the instances are in memory before the clock starts. */
export const OWN_SCU: Sender = {
  name: 'a sender that is not the limit',
  nagle: 'off',
  send: (scp, instances, answered) => sendStudy(scp, instances, { ...(answered && { answered }) }),
}

/** The same with several associations at once, each with its part of the instances. */
export function ownScus(associations: number): Sender {
  const name = `${associations} associations of a sender that is not the limit`
  return { name, nagle: 'off', send: (...args) => sendAtOnce(associations, ...args) }
}

/** Bytes of data sets that a line of 1 Gbit/s carries in a second. */
const GIGABIT = 118e6

/** The same on a line of 1 Gbit/s, which all associations share. */
export function gigabitScus(associations: number): Sender {
  const send: Sender['send'] = (scp, instances, answered) => {
    const link = new SharedLink(GIGABIT)
    const paced = instances.map((one) => ({ ...one, dataSet: () => link.carry(one.dataSet()) }))
    return sendAtOnce(associations, scp, paced, answered)
  }
  return { name: `${associations} associations on a line of 1 Gbit/s`, nagle: 'off', send }
}

async function sendAtOnce(
  associations: number,
  scp: StoreScp,
  instances: readonly StudyInstance[],
  answered?: (ms: number) => void,
): Promise<void> {
  const parts = Array.from({ length: associations }, (_one, place) =>
    instances.filter((_, i) => i % associations === place),
  )
  await Promise.all(parts.map((part) => OWN_SCU.send(scp, part, answered)))
}

export const STORESCU: Sender = {
  name: "DCMTK storescu, Nagle's algorithm off",
  nagle: 'off',
  program: 'storescu',
  send: (scp, instances) => storescu(scp, instances, 'off'),
}

/** Both ends as they come, and as many modalities are. */
export const STORESCU_NAGLE: Sender = {
  name: "DCMTK storescu, Nagle's algorithm on (its default)",
  nagle: 'on',
  program: 'storescu',
  enough: 100,
  send: (scp, instances) => storescu(scp, instances, 'on'),
}

async function storescu(
  { host, port, aeTitle }: StoreScp,
  instances: readonly StudyInstance[],
  nagle: Nagle,
): Promise<void> {
  const paths = instances.map(({ path }) => path)
  await using child = new Child('storescu', ['-R', '-xe', '-aec', aeTitle, host, String(port), ...paths], {
    env: nagleEnvironment(nagle),
  })
  await child.finished()
}
