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
}
