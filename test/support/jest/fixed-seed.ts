import { hasFixedSeed, seedOfRun } from '../random.ts'

/** Property tests try the same cases in each run that has a fixed seed. */
if (hasFixedSeed()) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: seedOfRun() })
}
