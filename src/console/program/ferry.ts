import { ferryProgram } from './ferry-program.ts'
import { startProgram } from './start-program.ts'

startProgram(ferryProgram)
