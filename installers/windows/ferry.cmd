@"%~dp0..\ferry.exe" "%~dp0..\app\dist\console\program\ferry.js" %*
