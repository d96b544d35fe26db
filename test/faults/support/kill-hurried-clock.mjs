// Loaded with --import: long sleeps are cut short, so that retention, which looks once a minute, is met in a short test.
import { systemClock } from '../../../src/platform/clock.ts'

const LONGEST_MS = 300
const sleep = systemClock.sleep.bind(systemClock)
systemClock.sleep = (delayMs, signal) => sleep(Math.min(delayMs, LONGEST_MS), signal)
