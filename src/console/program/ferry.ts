import { collectStartUpGarbage } from '../../platform/process/start-up-garbage.ts'
import { keepYoungGenerationSmall } from '../../platform/process/young-generation.ts'

// First of all: loading the program makes the young generation grow, and it does not shrink again.
if (process.argv.includes('run')) {
  keepYoungGenerationSmall()
  collectStartUpGarbage()
}
const { startProgram } = await import('./start-program.ts')
const { ferryProgram } = await import('./ferry-program.ts')
startProgram(ferryProgram)
