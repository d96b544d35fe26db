; The service control manager, called by its API: `sc` returns before a service has stopped, and its text is translated.
!define SC_MANAGER_ACCESS 0x3            ; connect, create
!define SERVICE_ALL_ACCESS 0xF01FF
!define SERVICE_WIN32_OWN_PROCESS 0x10
!define SERVICE_AUTO_START 2
!define SERVICE_ERROR_NORMAL 1
!define STATE_STOPPED 1
!define STOP_POLL_MS 500
!define STOP_POLLS 240                   ; two minutes

!macro ServiceFunctions un
; Leaves the handles of the manager in $R0 and of the service in $R1; $R1 is 0 if there is no such service.
Function ${un}OpenFerryService
  System::Call 'advapi32::OpenSCManagerW(p 0, p 0, i ${SC_MANAGER_ACCESS}) p .R0'
  System::Call 'advapi32::OpenServiceW(p R0, w "${SERVICE}", i ${SERVICE_ALL_ACCESS}) p .R1'
FunctionEnd

Function ${un}CloseFerryService
  ${If} $R1 P<> 0
    System::Call 'advapi32::CloseServiceHandle(p R1)'
  ${EndIf}
  System::Call 'advapi32::CloseServiceHandle(p R0)'
FunctionEnd

; Stops the service and waits until it has stopped. $R2 is 1 then, or if there is no service; 0 after two minutes.
Function ${un}StopFerryService
  Call ${un}OpenFerryService
  StrCpy $R2 1
  ${If} $R1 P<> 0
    System::Call '*(i, i, i, i, i, i, i) p .R3'
    System::Call 'advapi32::ControlService(p R1, i 1, p R3)'
    ${For} $R4 1 ${STOP_POLLS}
      System::Call 'advapi32::QueryServiceStatus(p R1, p R3)'
      System::Call '*$R3(i, i .R5)'
      ${If} $R5 = ${STATE_STOPPED}
        ${Break}
      ${EndIf}
      ; A service that was still starting did not take the first request.
      System::Call 'advapi32::ControlService(p R1, i 1, p R3)'
      Sleep ${STOP_POLL_MS}
    ${Next}
    System::Free $R3
    ${If} $R5 <> ${STATE_STOPPED}
      StrCpy $R2 0
    ${EndIf}
  ${EndIf}
  Call ${un}CloseFerryService
FunctionEnd
!macroend

; Creates the service, or gives an existing one the same values. $R2 is 1 if Windows took it.
Function SetUpFerryService
  Call OpenFerryService
  ; Both have characters that mean something else in a text of System::Call.
  StrCpy $R6 "$ServiceCommand"
  StrCpy $R7 "${ACCOUNT}"
  ${If} $R1 P= 0
    System::Call 'advapi32::CreateServiceW(p R0, w "${SERVICE}", w "${DISPLAY_NAME}", i ${SERVICE_ALL_ACCESS}, \
      i ${SERVICE_WIN32_OWN_PROCESS}, i ${SERVICE_AUTO_START}, i ${SERVICE_ERROR_NORMAL}, w R6, \
      p 0, p 0, p 0, w R7, p 0) p .R1'
  ${Else}
    System::Call 'advapi32::ChangeServiceConfigW(p R1, i ${SERVICE_WIN32_OWN_PROCESS}, i ${SERVICE_AUTO_START}, \
      i ${SERVICE_ERROR_NORMAL}, w R6, p 0, p 0, p 0, w R7, p 0, w "${DISPLAY_NAME}")'
  ${EndIf}
  ${If} $R1 P= 0
    StrCpy $R2 0
  ${Else}
    StrCpy $R2 1
    Call DescribeFerryService
  ${EndIf}
  Call CloseFerryService
FunctionEnd

; ChangeServiceConfig2W: description (1), recovery (2), delayed start (3), recovery also after an exit code (4).
Function DescribeFerryService
  StrCpy $R4 "$(ServiceDescription)"
  System::Call '*(w R4) p .R3'
  System::Call 'advapi32::ChangeServiceConfig2W(p R1, i 1, p R3) i .R5'
  DetailPrint "description: $R5"
  System::Free $R3
  ; Starts again after 5 s, 30 s, and then every minute; a day without failure begins anew.
  System::Call '*(i 1, i 5000, i 1, i 30000, i 1, i 60000) p .R4'
  System::Call '*(i 86400, i 0, p 0, p 0, i 3, i 0, p R4) p .R3'
  System::Call 'advapi32::ChangeServiceConfig2W(p R1, i 2, p R3) i .R5'
  DetailPrint "recovery: $R5"
  System::Free $R3
  System::Free $R4
  System::Call '*(i 1) p .R3'
  System::Call 'advapi32::ChangeServiceConfig2W(p R1, i 3, p R3) i .R5'
  DetailPrint "delayed start: $R5"
  System::Call 'advapi32::ChangeServiceConfig2W(p R1, i 4, p R3) i .R5'
  DetailPrint "recovery after an exit code: $R5"
  System::Free $R3
FunctionEnd

Function StartFerryService
  Call OpenFerryService
  System::Call 'advapi32::StartServiceW(p R1, i 0, p 0) i .R2'
  Call CloseFerryService
FunctionEnd

Function un.DeleteFerryService
  Call un.OpenFerryService
  ${If} $R1 P<> 0
    System::Call 'advapi32::DeleteService(p R1)'
  ${EndIf}
  Call un.CloseFerryService
FunctionEnd
