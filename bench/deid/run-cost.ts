// The cost of de-identification, as a process of its own: <instances> <rounds>. Prints the figures as JSON.
import { keepYoungGenerationSmall } from '../../src/platform/process/young-generation.ts'
import { compareCosts } from './cost.ts'

// As `ferry run` does, before anything else.
keepYoungGenerationSmall()
const [instances, rounds] = process.argv.slice(2).map(Number)
process.stdout.write(JSON.stringify(await compareCosts(instances ?? 0, rounds ?? 0)))
