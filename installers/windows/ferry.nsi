; The installer of the Ferry agent for Windows x64. build/package/make-windows-installer.ts gives VERSION, OUT, COMPRESS and FILES,
; the commands that unpack all files in one order, so that the same files give the same installer.
Unicode true
Target amd64-unicode
!include "MUI2.nsh"
!include "LogicLib.nsh"
!include "FileFunc.nsh"
!include "WinVer.nsh"
!include "x64.nsh"

!define SERVICE "Ferry"
!define DISPLAY_NAME "Ferry 影渡"
; A virtual account: it can use its own data and nothing else, and has no password.
!define ACCOUNT "NT SERVICE\Ferry"
!define RUNTIME "ferry.exe"
!define PROGRAM "app\dist\console\program\ferry.js"
!define OWN_KEY "Software\Ferry"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Ferry"
!define EVENT_KEY "SYSTEM\CurrentControlSet\Services\EventLog\Application\Ferry"
!define PURGE_PHRASE "UNCONFIRMED-IMAGES-ARE-LOST"

; Exit codes, which README.md lists.
!define EXIT_NOT_STOPPED 3
!define EXIT_IN_USE 4
!define EXIT_NOT_PRIVATE 5
!define EXIT_NO_SERVICE 6
!define EXIT_NO_CONFIGURATION 7
!define EXIT_NEEDS_WINDOWS 8
!define EXIT_WRONG_PURGE 9

Name "Ferry 影渡"
OutFile "${OUT}"
SetCompressor ${COMPRESS}
SetDateSave on
RequestExecutionLevel admin
ManifestSupportedOS all
InstallDir "$PROGRAMFILES64\Ferry"
InstallDirRegKey HKLM "${OWN_KEY}" "InstallDir"
VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=1033 "ProductName" "Ferry"
VIAddVersionKey /LANG=1033 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=1033 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=1033 "FileDescription" "Ferry agent setup"
VIAddVersionKey /LANG=1033 "LegalCopyright" "Apache License 2.0"

Var ConfigFolder
Var DataFolder
Var ServiceCommand
Var FerryLanguage

!define MUI_ABORTWARNING
!define MUI_LANGDLL_ALLLANGUAGES
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!define MUI_PAGE_HEADER_TEXT "$(DataTitle)"
!define MUI_PAGE_HEADER_SUBTEXT "$(DataSubtitle)"
!define MUI_DIRECTORYPAGE_TEXT_TOP "$(DataSubtitle)"
!define MUI_DIRECTORYPAGE_TEXT_DESTINATION "$(DataFolderLabel)"
!define MUI_DIRECTORYPAGE_VARIABLE $DataFolder
!define MUI_PAGE_CUSTOMFUNCTION_PRE SkipIfUpgrade
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "$(OpenPage)"
!define MUI_FINISHPAGE_RUN_FUNCTION OpenPage
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "SimpChinese"
!insertmacro MUI_LANGUAGE "English"
!include "texts.nsh"
!include "service.nsh"
!include "path-entry.nsh"
!insertmacro ServiceFunctions ""
!insertmacro ServiceFunctions "un."
!insertmacro PathFunctions ""
!insertmacro PathFunctions "un."

!macro StopWith code text
  DetailPrint "${text}"
  MessageBox MB_OK|MB_ICONSTOP "${text}" /SD IDOK
  SetErrorLevel ${code}
  Quit
!macroend

; For ten seconds: the process of a service is still there for a moment after the service has stopped.
!macro DeleteRuntime
  ${For} $R4 1 20
    Delete "$INSTDIR\${RUNTIME}"
    ${IfNot} ${FileExists} "$INSTDIR\${RUNTIME}"
      ${Break}
    ${EndIf}
    Sleep 500
  ${Next}
!macroend

Function .onInit
  SetRegView 64
  SetShellVarContext all
  ${GetParameters} $R0
  ${GetOptions} $R0 "/LANG=" $R1
  ${IfNot} ${Errors}
    StrCpy $LANGUAGE $R1
  ${ElseIfNot} ${Silent}
    !insertmacro MUI_LANGDLL_DISPLAY
  ${EndIf}
  ${IfNot} ${RunningX64}
  ${OrIfNot} ${AtLeastWin10}
    !insertmacro StopWith ${EXIT_NEEDS_WINDOWS} "$(NeedsWindows)"
  ${EndIf}
  StrCpy $FerryLanguage "en"
  ${If} $LANGUAGE = 2052
    StrCpy $FerryLanguage "zh"
  ${EndIf}
  ; The service and the person at the keyboard may have different ProgramData, so that both places are written down.
  StrCpy $ConfigFolder "$APPDATA\Ferry"
  ReadRegStr $DataFolder HKLM "${OWN_KEY}" "DataFolder"
  ${If} $DataFolder == ""
    ${GetOptions} $R0 "/DATA=" $DataFolder
    ${If} $DataFolder == ""
      StrCpy $DataFolder "$ConfigFolder\data"
    ${EndIf}
  ${EndIf}
FunctionEnd

; The data of an installed Ferry stay where they are.
Function SkipIfUpgrade
  ReadRegStr $R0 HKLM "${OWN_KEY}" "DataFolder"
  ${If} $R0 != ""
    Abort
  ${EndIf}
FunctionEnd

Function OpenPage
  ExecShell "open" "$INSTDIR\bin\open.cmd" "" SW_SHOWMINIMIZED
FunctionEnd

; A folder with other things in it is not made private, and not removed by a purge: Ferry takes a folder of its own in it.
Function OwnDataFolder
  ${IfNot} ${FileExists} "$DataFolder\keys\*.*"
    ${DirState} "$DataFolder" $R8
    ${If} $R8 = 1
      StrCpy $DataFolder "$DataFolder\Ferry-data"
    ${EndIf}
  ${EndIf}
FunctionEnd

; $R9: a folder. Only the system, administrators and the service may use it.
Function MakePrivate
  CreateDirectory "$R9"
  nsExec::ExecToLog 'icacls.exe "$R9" /inheritance:r /grant:r "*S-1-5-18:(OI)(CI)F" "*S-1-5-32-544:(OI)(CI)F" "${ACCOUNT}:(OI)(CI)M"'
  Pop $R8
  ${If} $R8 != 0
    !insertmacro StopWith ${EXIT_NOT_PRIVATE} "$(NotPrivate)"
  ${EndIf}
FunctionEnd

Section "Ferry"
  Call StopFerryService
  ${If} $R2 = 0
    !insertmacro StopWith ${EXIT_NOT_STOPPED} "$(NotStopped)"
  ${EndIf}
  ; Another ferry command holds the runtime; then nothing is changed and the old version goes on.
  ${If} ${FileExists} "$INSTDIR\${RUNTIME}"
    !insertmacro DeleteRuntime
    ${If} ${FileExists} "$INSTDIR\${RUNTIME}"
      Call StartFerryService
      !insertmacro StopWith ${EXIT_IN_USE} "$(InUse)"
    ${EndIf}
  ${EndIf}
  RMDir /r "$INSTDIR\app"
  !include "${FILES}"

  ReadRegStr $R0 HKLM "${OWN_KEY}" "DataFolder"
  ${If} $R0 == ""
    Call OwnDataFolder
  ${EndIf}
  FileOpen $R0 "$INSTDIR\folders.txt" w
  FileWriteUTF16LE /BOM $R0 "config=$ConfigFolder$\r$\ndata=$DataFolder$\r$\n"
  FileClose $R0
  WriteRegStr HKLM "${OWN_KEY}" "InstallDir" "$INSTDIR"
  WriteRegStr HKLM "${OWN_KEY}" "DataFolder" "$DataFolder"
  WriteRegStr HKLM "${OWN_KEY}" "Version" "${VERSION}"
  ; EventCreate.exe has messages 1 to 1000 that show the text alone.
  WriteRegExpandStr HKLM "${EVENT_KEY}" "EventMessageFile" "%SystemRoot%\System32\EventCreate.exe"
  WriteRegDWORD HKLM "${EVENT_KEY}" "TypesSupported" 7

  StrCpy $ServiceCommand '"$INSTDIR\${RUNTIME}" "$INSTDIR\${PROGRAM}" --config "$ConfigFolder\ferry.yaml" --lang $FerryLanguage service run'
  Call SetUpFerryService
  ${If} $R2 = 0
    !insertmacro StopWith ${EXIT_NO_SERVICE} "$(NoService)"
  ${EndIf}
  StrCpy $R9 "$ConfigFolder"
  Call MakePrivate
  StrCpy $R9 "$DataFolder"
  Call MakePrivate
  ${IfNot} ${FileExists} "$ConfigFolder\ferry.yaml"
    nsExec::ExecToLog '"$INSTDIR\${RUNTIME}" "$INSTDIR\${PROGRAM}" --lang $FerryLanguage init'
    Pop $R8
    ${IfNot} ${FileExists} "$ConfigFolder\ferry.yaml"
      !insertmacro StopWith ${EXIT_NO_CONFIGURATION} "$(NoConfiguration)"
    ${EndIf}
  ${EndIf}

  ; For this program and not for a port, so that the rule stays right if the port is changed.
  nsExec::ExecToLog 'netsh.exe advfirewall firewall delete rule name="Ferry"'
  Pop $R8
  nsExec::ExecToLog 'netsh.exe advfirewall firewall add rule name="Ferry" dir=in action=allow protocol=TCP program="$INSTDIR\${RUNTIME}"'
  Pop $R8
  StrCpy $R9 "$INSTDIR\bin"
  Call AddToPath
  CreateDirectory "$SMPROGRAMS\Ferry"
  Delete "$SMPROGRAMS\Ferry\*.lnk"
  CreateShortCut "$SMPROGRAMS\Ferry\$(LinkName).lnk" "$INSTDIR\bin\open.cmd" "" "$INSTDIR\${RUNTIME}" 0 SW_SHOWMINIMIZED

  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayName" "${DISPLAY_NAME}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "Publisher" "Ferry"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoRepair" 1
  Call StartFerryService
SectionEnd

Function un.onInit
  SetRegView 64
  SetShellVarContext all
  StrCpy $ConfigFolder "$APPDATA\Ferry"
  ReadRegStr $DataFolder HKLM "${OWN_KEY}" "DataFolder"
FunctionEnd

Section "Uninstall"
  ${GetParameters} $R0
  ${GetOptions} $R0 "/PURGE" $R6
  ${If} ${Errors}
    StrCpy $R6 "keep"
  ${ElseIf} $R6 S!= "=${PURGE_PHRASE}"
    !insertmacro StopWith ${EXIT_WRONG_PURGE} "$(WrongPurge)"
  ${EndIf}
  Push $R6
  Call un.StopFerryService
  ${If} $R2 = 0
    !insertmacro StopWith ${EXIT_NOT_STOPPED} "$(NotStopped)"
  ${EndIf}
  !insertmacro DeleteRuntime
  ${If} ${FileExists} "$INSTDIR\${RUNTIME}"
    !insertmacro StopWith ${EXIT_IN_USE} "$(InUse)"
  ${EndIf}
  Call un.DeleteFerryService
  nsExec::ExecToLog 'netsh.exe advfirewall firewall delete rule name="Ferry"'
  Pop $R8
  StrCpy $R9 "$INSTDIR\bin"
  Call un.RemoveFromPath
  RMDir /r "$SMPROGRAMS\Ferry"
  RMDir /r "$INSTDIR\app"
  RMDir /r "$INSTDIR\bin"
  Delete "$INSTDIR\*.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${UNINSTALL_KEY}"
  DeleteRegKey HKLM "${EVENT_KEY}"
  Pop $R6
  ${If} $R6 == "keep"
    ; DataFolder stays in the registry: Ferry installed again finds its queue and keys.
    DeleteRegValue HKLM "${OWN_KEY}" "Version"
    DetailPrint "$(DataKept)$ConfigFolder; $DataFolder"
  ${Else}
    RMDir /r "$DataFolder"
    RMDir /r "$ConfigFolder"
    DeleteRegKey HKLM "${OWN_KEY}"
    DetailPrint "$(DataRemoved)$ConfigFolder; $DataFolder"
  ${EndIf}
SectionEnd
