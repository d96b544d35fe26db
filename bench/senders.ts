import { Child } from './child.ts'
import { type Nagle, nagleEnvironment } from './nagle.ts'
import { type StoreScp, type StudyInstance, sendStudy } from './send-study.ts'

/** A program that plays the modality. */
export interface Sender {
  readonly name: string
  readonly nagle: Nagle
  /** The program that must be there; undefined = nothing but Node. */
  readonly program?: string
  /** It is so slow that this many instances say enough. */
  readonly enough?: number
  send(scp: StoreScp, instances: readonly StudyInstance[]): Promise<void>
}

/** Not the limit: the instances are in memory before the clock starts. */
export const OWN_SCU: Sender = {
  name: 'a sender that is not the limit',
  nagle: 'off',
  send: (scp, instances) => sendStudy(scp, instances),
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
