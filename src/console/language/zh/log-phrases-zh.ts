import type { LOG_ENGLISH } from '../en/log-phrases-en.ts'

/** The texts of `logs` and `support-bundle` in Chinese. */
export const LOG_CHINESE: Readonly<Record<keyof typeof LOG_ENGLISH, string>> = {
  'bundle.about': '把状态和日志打包成一个文件，供技术支持使用，不含患者信息',
  'bundle.output': '新文件的名称',
  'bundle.done': '已写入：{path}。不含患者信息，内容见其中的 README.txt。请发给协助您的技术支持人员。',
  'logs.about': '显示服务的日志：日志文件或系统日志（journal）',
  'logs.follow': '持续显示新内容，按 Ctrl-C 结束',
  'logs.since': '只显示此后的内容：2h、3d、2026-01-31、2026-01-31T08:00:00Z',
  'logs.level': '只显示这一级别及更重要的内容',
  'logs.lines': '只显示最后若干行',
  'logs.journal': '内容取自系统日志。也可直接执行：{command}',
  'logs.none': '没有日志文件 {path}，systemd 里也没有这个服务：手工启动的程序把日志写在自己的终端里',
  'spool.about': '在磁盘上查找并取出加密封存的影像，不需要索引，也不需要前置机在运行',
  'spool.list.about': '列出每幅封存影像所在的文件、偏移和长度；加 --json 时每幅一行',
  'spool.extract.about': '把封存的影像写成 ULID.age，已知信息写成 ULID.json',
  'spool.folder': '暂存区文件夹或它的副本；不给时用配置中的暂存区',
  'spool.ulids': '影像的 ULID（见 ferry spool list）',
  'spool.to': '存放文件的文件夹；其中不能已有同名文件',
  'spool.all': '暂存区里的所有影像',
  'spool.list.sum': '共 {instances} 幅影像，{mebibytes} MiB；有 {unread} 处读不出影像。',
  'spool.extract.which': '请给出影像的 ULID，或者只用 --all',
  'spool.extract.missing': '暂存区里没有影像 {ulids}；用 ferry spool list 查看有哪些',
  'spool.extract.howTo':
    '每个文件可用影像中心的密钥或恢复密钥打开：age --decrypt -i KEYFILE ULID.age > ULID.dcm',
}
