import type { WINDOWS_ENGLISH } from '../en/windows-phrases-en.ts'

/** The texts of the Windows service in Chinese. */
export const WINDOWS_CHINESE: Readonly<Record<keyof typeof WINDOWS_ENGLISH, string>> = {
  'windowsService.about': 'Windows 服务',
  'windowsService.run': '作为 Windows 服务运行；只由 Windows 服务管理器启动',
  'windowsService.failed': '服务 {name} 已退出，退出代码 {exitCode}。\r\n{reason}',
}
