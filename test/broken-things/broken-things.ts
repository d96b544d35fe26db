import type { BrokenThing } from './broken-thing.ts'
import { ARRIVAL_ROWS } from './rows-arrival.ts'
import { CENTER_ROWS } from './rows-center.ts'
import { DOOR_ROWS } from './rows-doors.ts'
import { CONFIG_ROWS, FOLDER_ROWS } from './rows-folders.ts'
import { JOINING_ROWS } from './rows-joining.ts'
import { PACS_ROWS } from './rows-pacs.ts'
import { TIME_ROWS } from './rows-time.ts'

/** Everything that is broken on purpose. */
export const BROKEN_THINGS: readonly BrokenThing[] = [
  ...DOOR_ROWS,
  ...JOINING_ROWS,
  ...CENTER_ROWS,
  ...FOLDER_ROWS,
  ...CONFIG_ROWS,
  ...ARRIVAL_ROWS,
  ...PACS_ROWS,
  ...TIME_ROWS,
]
