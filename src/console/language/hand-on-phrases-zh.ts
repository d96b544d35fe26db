import type { HAND_ON_ENGLISH } from './hand-on-phrases-en.ts'

export const HAND_ON_CHINESE: Readonly<Record<keyof typeof HAND_ON_ENGLISH, string>> = {
  'centerHeld.about': '须经您放行才会转交 PACS 的影像',
  'centerHeld.released': '已放行的影像，以及放行时间和放行人',
  'centerHeld.none': '没有可列出的影像。',
  'centerHeld.todo': '核对后执行：ferry-center release 检查UID，或 --instance 影像UID',
  'centerRelease.about': '放行搁置的影像，转交 PACS；会记录您的用户名',
  'centerRelease.instance': '只放行这个 SOP Instance UID',
  'centerRelease.which': '请指定一个检查，或用 --instance 指定一幅影像',
  'centerRelease.unknown': '其中没有搁置的影像',
  'centerRelease.done': '已放行影像 {count} 幅。',
  'hold.conflict': '第二个版本',
  'hold.foreign': '属于其他前置机',
  'hold.unreadable': '无法确定其标识',
  'centerRetry.about': '把 PACS 拒收、缺少或未比对的影像再次转交；不含搁置的影像',
  'centerRetry.done': '{count} 个影像正在再次转交。',
  'pacs.none': '无 PACS',
  'pacs.waiting': '等待转交',
  'pacs.held': '【中心搁置】',
  'pacs.accepted': '已入库',
  'pacs.unverified': 'PACS 称已有，副本未比对',
  'pacs.refused': '【拒收】',
}
