; Adds a folder to the PATH of the machine, and removes it. A string of NSIS holds 1,024 characters and PATH may be longer, so it
; is changed in a buffer of its own. Its type (with or without variables) is kept.
!define ENVIRONMENT_KEY "SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
!define KEY_READ_WRITE 0x2001B           ; KEY_READ and KEY_SET_VALUE
!define HKLM_HANDLE -2147483646          ; HKEY_LOCAL_MACHINE, with its sign in 64 bits

!macro PathFunctions un
; $R9: the folder. Leaves the key in $R0, the type in $R1, the buffer in $R2 (0 if there is no PATH), its size in $R3.
Function ${un}ReadPath
  System::Call 'advapi32::RegOpenKeyExW(p ${HKLM_HANDLE}, w "${ENVIRONMENT_KEY}", i 0, i ${KEY_READ_WRITE}, *p .R0)'
  System::Call 'advapi32::RegQueryValueExW(p R0, w "Path", p 0, *i .R1, p 0, *i .R3) i .R4'
  StrCpy $R2 0
  ${If} $R4 = 0
    IntOp $R5 $R3 + 4096
    System::Alloc $R5
    Pop $R2
    System::Call 'advapi32::RegQueryValueExW(p R0, w "Path", p 0, p 0, p R2, *i R3 R3)'
  ${EndIf}
FunctionEnd

Function ${un}WritePath
  System::Call 'kernel32::lstrlenW(p R2) i .R3'
  IntOp $R3 $R3 * 2
  IntOp $R3 $R3 + 2
  System::Call 'advapi32::RegSetValueExW(p R0, w "Path", i 0, i R1, p R2, i R3)'
  ; WM_SETTINGCHANGE: a command prompt that is opened from now on knows it.
  SendMessage ${HWND_BROADCAST} ${WM_WININICHANGE} 0 "STR:Environment" /TIMEOUT=2000
FunctionEnd

Function ${un}ClosePath
  ${If} $R2 P<> 0
    System::Free $R2
  ${EndIf}
  System::Call 'advapi32::RegCloseKey(p R0)'
FunctionEnd
!macroend

Function AddToPath
  Call ReadPath
  ${If} $R2 P<> 0
    System::Call 'shlwapi::StrStrIW(p R2, w ";$R9") p .R4'
    ${If} $R4 P= 0
      System::Call 'kernel32::lstrcatW(p R2, w ";$R9")'
      Call WritePath
    ${EndIf}
  ${EndIf}
  Call ClosePath
FunctionEnd

Function un.RemoveFromPath
  Call un.ReadPath
  ${If} $R2 P<> 0
    System::Call 'shlwapi::StrStrIW(p R2, w ";$R9") p .R4'
    ${If} $R4 P<> 0
      StrLen $R5 ";$R9"
      IntOp $R5 $R5 * 2
      IntPtrOp $R5 $R4 + $R5
      System::Call 'kernel32::lstrlenW(p R5) i .R6'
      IntOp $R6 $R6 * 2
      IntOp $R6 $R6 + 2
      System::Call 'ntdll::memmove(p R4, p R5, p R6)'
      Call un.WritePath
    ${EndIf}
  ${EndIf}
  Call un.ClosePath
FunctionEnd
