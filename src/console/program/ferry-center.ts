import { ferryCenterProgram } from './ferry-center-program.ts'
import { startProgram } from './start-program.ts'

startProgram(ferryCenterProgram)
