import type { ACCOUNT_ENGLISH } from '../en/account-phrases-en.ts'

export const ACCOUNT_CHINESE: Readonly<Record<keyof typeof ACCOUNT_ENGLISH, string>> = {
  'centerAccount.about': '可使用中心页面的人员账号',
  'centerAccount.add': '添加账号；初始密码只显示一次',
  'centerAccount.list': '列出账号',
  'centerAccount.reset': '为忘记密码的人生成新的初始密码',
  'centerAccount.remove': '删除账号；其登录随即失效',
  'centerAccount.name': '人员名称，会写入记录',
  'centerAccount.role': 'viewer 只看；operator 还可处理影像和告警；admin 还可管理前置机和账号',
  'centerAccount.added': '{name} 可作为{role}使用页面。',
  'centerAccount.password': '初始密码（仅显示这一次）：{password}\n首次登录时页面会要求另设密码。',
  'centerAccount.removed': '{name} 不能再使用页面。',
  'centerAccount.none': '还没有账号：ferry-center account add 名称 --role admin',
  'centerAccount.never': '从未',
  'role.viewer': '查看员',
  'role.operator': '操作员',
  'role.admin': '管理员',
  'column.role': '角色',
  'column.signedIn': '上次登录',
}
