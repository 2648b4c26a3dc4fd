module parley/tests/support/ergo

go 1.17

require github.com/ergochat/ergo v1.2.1-0.20210919081820-20d8d269ca18

replace github.com/gorilla/websocket => github.com/ergochat/websocket v1.4.2-oragono1

replace github.com/xdg-go/scram => github.com/ergochat/scram v1.0.2-ergo1
