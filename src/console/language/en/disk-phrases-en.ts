/** Phrases about a disk that runs short of room, in English. */
export const DISK_ENGLISH = {
  'disk.full': 'Disk full: {free} free, {reserve} are kept in reserve',
  'disk.low': 'Disk nearly full: {free} free; below {reserve} devices are refused',
  'disk.names':
    'Disk full: it has room for only {files} more files of any size, and 1000 are kept in reserve',
  'disk.stop': '. ',
  'disk.then': '; ',
  'disk.contents':
    'The disk has {total}: {waiting} wait to be confirmed, {confirmed} are copies that the center has confirmed, {held} are held, {other} are other files',
  'next.makingRoom':
    'Ferry is removing the oldest copies that the center has confirmed; a device that is refused meanwhile is accepted again by itself',
  'disk.todo.waiting': 'ferry queue shows why {waiting} wait; confirmed copies make room by themselves',
  'disk.todo.waitingYoung':
    'ferry queue shows why {waiting} wait; confirmed copies make room by themselves after {atLeast} (retention.atLeast)',
  'disk.todo.held':
    '{held} are held until a person decides: ferry queue shows why, ferry quarantine releases them',
  'disk.todo.other':
    '{other} are other files on the disk of {folder}: move some of them away, or give Ferry a larger disk',
  'disk.todo.young':
    '{confirmed} are confirmed copies, all of them younger than {atLeast}: set retention.atLeast in the configuration to a shorter time and restart Ferry',
  'disk.todo.unproven':
    '{confirmed} are confirmed copies. Ferry removes them as soon as the center can be asked and proves that it has them: see why it cannot',
  'disk.todo.index': "remove other files from the disk of {folder}, which holds Ferry's records",
  'disk.todo.never': 'never delete anything inside {folder}',
} as const
