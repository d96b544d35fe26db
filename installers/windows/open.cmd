@echo off
rem Opens the page in the browser. The agent answers administrators alone; without their rights (exit code 1) Windows asks for them.
call "%~dp0ferry.cmd" open >nul 2>nul
if not errorlevel 1 exit /b 0
if errorlevel 2 goto say
if "%~1"=="elevated" goto say
set "FERRY_OPEN=%~f0"
powershell.exe -NoProfile -Command "Start-Process -Verb RunAs -FilePath $env:FERRY_OPEN -ArgumentList elevated" && exit /b 0
:say
call "%~dp0ferry.cmd" open
if errorlevel 1 pause
