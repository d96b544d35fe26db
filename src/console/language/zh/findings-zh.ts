import type { Finding } from '../../../dicom/check/check-findings.ts'
import type { FindingWords } from '../en/words.ts'

export const FINDINGS_IN_CHINESE: Readonly<Record<Finding, FindingWords>> = {
  transferSyntax: {
    short: '与声明的传输语法不符',
    meaning: '设备声明的编码方式与实际不同，PACS 很可能读不出',
  },
  unreadable: { short: '无法读到末尾', meaning: '某处不是 DICOM 数据；可能在设备上或途中已损坏' },
  truncated: { short: '不完整（被截断）', meaning: '在某个元素中间结束；设备可能只写入或只发出了一部分' },
  sopClass: {
    short: 'SOP 类与声明的不符',
    meaning: 'C-STORE 命令与数据集中的 SOP 类不同；按数据集中的保存',
  },
  uidMissing: {
    short: '缺少标识 UID',
    meaning: 'SOP 类、SOP 实例、检查或序列的 UID 缺失或为空，PACS 无法归档',
  },
  uidSyntax: {
    short: 'UID 格式不对',
    meaning: 'UID 含有数字和单个点以外的字符、过长，或某一段以 0 开头',
  },
  patientMissing: {
    short: '缺少患者姓名或患者编号',
    meaning: '两者之一缺失或为空，PACS 可能无法归到患者名下',
  },
  characterSetMissing: {
    short: '有文字但未声明字符集',
    meaning: '姓名可能显示错误；请在设备上设置字符集，或在本机该设备的 quirks 里写明实际字符集',
  },
  characterSetWrong: {
    short: '文字与声明的字符集不符',
    meaning: '姓名可能显示错误；设备声明一种字符集却写另一种，或文字在半个字处被截断',
  },
  oddLength: { short: '有长度为奇数的值', meaning: '标准要求偶数长度；多数程序仍能读取' },
  elementOrder: { short: '元素乱序或重复', meaning: '有的程序会在此停止，或取到另一个值' },
  pixelMissing: { short: '没有像素数据', meaning: '描述了图像却没有图像；可能在设备上就不完整' },
  pixelDescription: {
    short: '像素数据的描述不完整或不合理',
    meaning: '行数、列数、位数或帧数缺失或不合理，无法显示',
  },
  pixelForm: { short: '像素数据形式不对', meaning: '未压缩的传输语法下是压缩数据，或者相反' },
  pixelLength: {
    short: '像素数据长度不对',
    meaning: '长度不等于 行×列×采样×位数×帧数，可能缺了一部分',
  },
  framesMissing: { short: '片段少于帧数', meaning: '压缩像素数据里的图少于声明的帧数' },
  fragmentsEnd: { short: '压缩像素数据没有结束标记', meaning: '可能在设备上就被截断' },
  offsetTable: {
    short: '偏移表不对',
    meaning: '表中所指位置并没有帧；依赖它的浏览程序会显示错误的图',
  },
  trailingBytes: { short: '末尾有多余的字节', meaning: '影像之后的内容不属于影像；多数程序会忽略' },
}
