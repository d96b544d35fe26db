/**
 * How much of each fault the suite tries: the short form runs in `npm test`, the long one in `npm run test:faults`
 * (FERRY_FAULTS=long). A single number can be set by its own variable, e.g. FERRY_POWER_CUTS=50.
 */
export const isLong = process.env['FERRY_FAULTS'] === 'long'

function sizeOf(variable: string, short: number, long: number): number {
  const text = process.env[variable]
  if (text === undefined) return isLong ? long : short
  const size = Number(text)
  if (!Number.isSafeInteger(size) || size < 0)
    throw new Error(`${variable}=${text}: a whole number is expected`)
  return size
}

/** Simulated power cuts, over all file systems together. */
export const POWER_CUTS = sizeOf('FERRY_POWER_CUTS', 20, 1_000)
/** Points at which a process is killed by the sweep over its system calls. */
export const KILL_POINTS = sizeOf('FERRY_KILL_POINTS', 24, 500)
/** Random kills under a feed of storescu. */
export const RANDOM_KILLS = sizeOf('FERRY_RANDOM_KILLS', 4, 60)
/** Cases of the PDU and DIMSE fuzzer. */
export const FUZZ_CASES = sizeOf('FERRY_FUZZ_CASES', 100_000, 10_000_000)
/** Instances in the queue where a large queue is opened, rebuilt and asked. */
export const QUEUED_INSTANCES = sizeOf('FERRY_QUEUED_INSTANCES', 10_000, 100_000)
/** Confirmed instances whose files are kept while the agent works, and for how many seconds that is watched. */
export const KEPT_INSTANCES = sizeOf('FERRY_KEPT_INSTANCES', 10_000, 1_000_000)
export const KEPT_SECONDS = sizeOf('FERRY_KEPT_SECONDS', 5, 120)
/** Instances of one study, all settled through a real center's front. */
export const STUDY_INSTANCES = sizeOf('FERRY_STUDY_INSTANCES', 25_000, 200_000)
/** Batches in which a study grows over a day, each with its own version of the manifest. */
export const STUDY_BATCHES = sizeOf('FERRY_STUDY_BATCHES', 200, 2_000)
/** Instances of one study that a device sends by C-STORE to a real agent of a real center. */
export const STORED_INSTANCES = sizeOf('FERRY_STORED_INSTANCES', 1_100, 82_000)
/** How many times as fast as real time the line is tried, and how often it is cut. */
export const LINE_SPEED = sizeOf('FERRY_LINE_SPEED', 20, 1)
export const LINE_CUTS = sizeOf('FERRY_LINE_CUTS', 25, 250)
/** Connections that one host keeps open at the center, and two hosts at the agent's door, without a word that counts. */
export const TRICKLERS = sizeOf('FERRY_TRICKLERS', 1_000, 5_000)
/** Requests of the HTTP fuzzer to the center's front, the status page and the control socket together. */
export const HTTP_FUZZ_REQUESTS = sizeOf('FERRY_HTTP_FUZZ_REQUESTS', 20_000, 1_000_000)
/** Files that careless programs write into a watched folder. */
export const FOLDER_WRITES = sizeOf('FERRY_FOLDER_WRITES', 150, 5_000)
/** Files in one watched folder. */
export const FOLDER_FILES = sizeOf('FERRY_FOLDER_FILES', 3_000, 100_000)
/** Simulated power cuts over watched folders; none unless they are asked for. */
export const FOLDER_POWER_CUTS = sizeOf('FERRY_FOLDER_POWER_CUTS', 0, 30)
