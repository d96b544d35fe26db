; Every text that a person reads, in Simplified Chinese and English.
!macro Text name zh en
LangString ${name} ${LANG_SIMPCHINESE} "${zh}"
LangString ${name} ${LANG_ENGLISH} "${en}"
!macroend

!insertmacro Text ServiceDescription \
  "接收本机构设备的影像，加密保存并上传到影像中心。" \
  "Receives images from the devices of this clinic, seals them and uploads them to the imaging center."
!insertmacro Text DataTitle "影像队列的位置" "Place of the image queue"
!insertmacro Text DataSubtitle \
  "请选择空间最大的本地磁盘，不要选网络盘。" \
  "Choose the largest local disk, not a network drive."
!insertmacro Text DataFolderLabel "数据文件夹" "Data folder"
!insertmacro Text OpenPage "打开影渡设置页" "Open the set-up page of Ferry"
!insertmacro Text LinkName "影渡" "Ferry"
!insertmacro Text NeedsWindows \
  "影渡需要 64 位 Windows 10、Windows Server 2016 或更新的版本（x64）。" \
  "Ferry needs 64-bit Windows 10, Windows Server 2016 or newer (x64)."
!insertmacro Text NotStopped \
  "影渡服务两分钟内没有停止，程序文件没有改动。请在“服务”中停止 Ferry，再运行安装程序。" \
  "The Ferry service did not stop within two minutes. No program file was changed. Stop Ferry in Services and run this again."
!insertmacro Text InUse \
  "${RUNTIME} 正在使用中：另有命令行窗口在运行 ferry。请关闭它，再运行安装程序。" \
  "${RUNTIME} is in use: another window runs a ferry command. Close it and run this again."
!insertmacro Text NotPrivate \
  "无法限制数据文件夹的访问权限，安装已中止。数据文件夹必须在 NTFS 磁盘上。" \
  "The access rights of the data folder could not be restricted, so the installation was stopped. The folder must be on an NTFS disk."
!insertmacro Text NoService \
  "Windows 没有接受 Ferry 服务，安装已中止。" \
  "Windows did not accept the service Ferry, so the installation was stopped."
!insertmacro Text NoConfiguration \
  "无法写入配置文件 ferry.yaml，安装已中止。详情见安装过程的记录。" \
  "The configuration ferry.yaml could not be written, so the installation was stopped. The details of this window say why."
!insertmacro Text DataKept "保留数据和配置：" "Data and configuration are kept: "
!insertmacro Text DataRemoved "已删除数据和配置：" "Data and configuration are removed: "
!insertmacro Text WrongPurge \
  "没有卸载：/PURGE 会删除尚未签收的影像和密钥，须写成 /PURGE=${PURGE_PHRASE}。" \
  "Not uninstalled: /PURGE deletes unconfirmed images and keys, and must be written as /PURGE=${PURGE_PHRASE}."
