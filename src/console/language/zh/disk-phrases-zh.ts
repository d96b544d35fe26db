import type { DISK_ENGLISH } from '../en/disk-phrases-en.ts'

/** Phrases about a disk that runs short of room, in Chinese. */
export const DISK_CHINESE: Readonly<Record<keyof typeof DISK_ENGLISH, string>> = {
  'disk.full': '磁盘已满：剩余 {free}，须预留 {reserve}',
  'disk.low': '磁盘快满了：剩余 {free}；低于 {reserve} 就会拒收',
  'disk.names': '磁盘已满：只能再存 {files} 个文件（不论大小），须预留 1000 个',
  'disk.stop': '。',
  'disk.then': '；',
  'disk.contents':
    '磁盘共 {total}：等待签收 {waiting}，已签收的本机副本 {confirmed}，被搁置 {held}，其他文件 {other}',
  'next.makingRoom': '影渡正在删除最早签收的本机副本；其间被拒收的设备，腾出空间后自动恢复接收',
  'disk.todo.waiting': '用 ferry queue 查看等待中的影像（{waiting}）在等什么；中心签收后会自动腾出空间',
  'disk.todo.waitingYoung':
    '用 ferry queue 查看等待中的影像（{waiting}）在等什么；中心签收满 {atLeast}（retention.atLeast）后会自动腾出空间',
  'disk.todo.held': '被搁置的影像（{held}）需要人来决定：用 ferry queue 查看原因，用 ferry quarantine 放行',
  'disk.todo.other': '{other} 是 {folder} 所在磁盘上的其他文件：请移走一部分，或为影渡换更大的磁盘',
  'disk.todo.young':
    '{confirmed} 是已签收的本机副本，都还不满 {atLeast}：请在配置中调短 retention.atLeast，然后重启影渡',
  'disk.todo.unproven':
    '{confirmed} 是已签收的本机副本：一旦能联系上中心并核实文件还在，就会自动删除；请查看为何联系不上或无法核实',
  'disk.todo.index': '{folder} 所在磁盘存放影渡的记录：请移走该磁盘上的其他文件',
  'disk.todo.never': '切勿删除 {folder} 里的任何东西',
}
