# Completion of exch for bash 3.2 and newer, made by `exch completion bash`.
# No process is started, but for names of symbols and currencies: `exch __complete`.

# What can be typed after the commands $1. An option that takes a value ends with "=" and what
# that can be; @symbols and the like are looked up, "-" is anything, "..." is any number. The
# options of every command that mean nothing here are `hides`.
_exch_table() {
    commands= takes= options= fields= hides=
    case $1 in
        '')
            commands='dgt dfx journal sandbox config completion doctor'
            options='--version' ;;
        dgt)
            commands='ticker book trades symbols time balances fills buy sell cancel orders api market account order transfer withdraw auth' ;;
        dgt/ticker | dgt/market/ticker | dfx/ticker | dfx/market/ticker)
            takes='@symbols...'
            fields='symbol,last,bid,ask,high,low,volume,quote_volume,change_percent,time' ;;
        dgt/book | dgt/market/book | dfx/book | dfx/market/book)
            takes='@symbols'
            options='--limit='
            fields='symbol,bids,asks,time' ;;
        dgt/trades | dgt/market/trades | dfx/trades | dfx/market/trades)
            takes='@symbols'
            options='--limit='
            fields='id,symbol,side,price,amount,time' ;;
        dgt/symbols | dgt/market/symbols | dfx/margin/symbols)
            fields='symbol,base,quote,price_precision,amount_precision,min_amount,min_value,status,order_types,api_trading,margin,liquidation_rate,zone' ;;
        dgt/time | dgt/market/time | dfx/time | dfx/market/time)
            fields='exchange,time,offset_seconds' ;;
        dgt/balances | dgt/account/balances | dfx/margin/balances)
            fields='currency,free,held,total,address,withdraw_address' ;;
        dgt/fills | dgt/account/fills)
            takes='@symbols'
            options='--start= --end= --limit= --all --offset='
            fields='id,order_id,symbol,market,side,price,amount,fee,fee_currency,fee_percent,maker,time' ;;
        dgt/buy | dgt/order/buy)
            takes='@symbols -'
            options='--price= --market --spend= --stop= --round --once= --on-absent=stop,resend --wait= --dry-run --yes'
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills,once,replayed,evidence' ;;
        dgt/sell | dgt/order/sell)
            takes='@symbols -'
            options='--price= --market --stop= --round --once= --on-absent=stop,resend --wait= --dry-run --yes'
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills,once,replayed,evidence' ;;
        dgt/cancel | dgt/order/cancel)
            takes='-...'
            options='--all --symbol=@symbols --side=buy,sell --dry-run --yes'
            fields='id,status' ;;
        dgt/orders | dgt/order/list)
            takes='@symbols'
            options='--history --start= --end= --status= --side=buy,sell --limit= --all --offset='
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills' ;;
        dgt/api | dfx/api)
            takes='-...'
            options='-f= --field= --yes' ;;
        dgt/market)
            commands='ticker book trades symbols time' ;;
        dgt/account)
            commands='balances fills fill limits' ;;
        dgt/account/fill)
            takes='-'
            fields='id,order_id,symbol,market,side,price,amount,fee,fee_currency,fee_percent,maker,time' ;;
        dgt/account/limits)
            fields='exchange,scope,used,limit,window_seconds,banned_until' ;;
        dgt/order)
            commands='buy sell cancel show list' ;;
        dgt/order/show)
            takes='-...'
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills' ;;
        dgt/transfer)
            commands='list show' ;;
        dgt/transfer/list)
            takes='@currencies'
            options='--type= --status= --limit= --all --offset='
            fields='id,kind,currency,chain,amount,fee,address,memo,hash,status,exchange_status,created,updated' ;;
        dgt/transfer/show)
            takes='-'
            fields='id,kind,currency,chain,amount,fee,address,memo,hash,status,exchange_status,created,updated' ;;
        dgt/withdraw)
            commands='new' ;;
        dgt/withdraw/new)
            takes='@currencies -'
            options='--once= --dry-run --yes'
            fields='id,kind,currency,chain,amount,fee,address,memo,hash,status,exchange_status,created,updated,once,replayed,evidence' ;;
        dgt/auth)
            commands='login status test move logout rotate recover' ;;
        dgt/auth/login)
            options='--store=keyring,file,command --key= --secret-stdin --username= --password-stdin --yes --no-test' ;;
        dgt/auth/status | dgt/auth/test | dfx/auth/status | dfx/auth/test)
            fields='exchange,profile,source,place,key' ;;
        dgt/auth/move | dfx/auth/move)
            options='--store=keyring,file' ;;
        dgt/auth/logout | dfx/auth/logout)
            options='--yes' ;;
        dgt/auth/rotate)
            options='--username= --password-stdin --yes' ;;
        dfx)
            commands='ticker book trades candles symbols currencies time ping balances fills buy sell cancel orders api market account order transfer withdraw margin auth' ;;
        dfx/candles | dfx/market/candles)
            takes='@symbols'
            options='--period=1m,5m,15m,30m,1h,4h,12h,1d,1w --start= --end= --limit='
            fields='symbol,time,open,high,low,close,volume' ;;
        dfx/symbols | dfx/market/symbols)
            options='--source=markets,spot,margin,api'
            fields='symbol,base,quote,price_precision,amount_precision,min_amount,min_value,status,order_types,api_trading,margin,liquidation_rate,zone' ;;
        dfx/currencies | dfx/market/currencies)
            takes='@currencies'
            options='--margin'
            fields='currency,chain,deposit,withdraw,min_deposit,min_withdraw,withdraw_fee_currency,min_withdraw_fee,withdraw_fee_rate' ;;
        dfx/ping | dfx/market/ping)
            fields='exchange,message,milliseconds' ;;
        dfx/balances | dfx/account/balances)
            options='--margin'
            fields='currency,free,held,total,address,withdraw_address' ;;
        dfx/fills | dfx/account/fills)
            takes='@symbols'
            options='--start= --end= --limit= --all --margin'
            fields='id,order_id,symbol,market,side,price,amount,fee,fee_currency,fee_percent,maker,time' ;;
        dfx/buy | dfx/order/buy)
            takes='@symbols -'
            options='--price= --market --spend= --post-only --margin --round --once= --on-absent=stop,resend --wait= --dry-run --yes'
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills,once,replayed,evidence' ;;
        dfx/sell | dfx/order/sell)
            takes='@symbols -'
            options='--price= --market --post-only --margin --round --once= --on-absent=stop,resend --wait= --dry-run --yes'
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills,once,replayed,evidence' ;;
        dfx/cancel | dfx/order/cancel)
            takes='-...'
            options='--all --symbol=@symbols --side=buy,sell --margin --dry-run --yes'
            fields='id,status' ;;
        dfx/orders | dfx/order/list)
            takes='@symbols'
            options='--history --start= --end= --status= --side=buy,sell --limit= --all --margin'
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills' ;;
        dfx/market)
            commands='ticker book trades candles symbols currencies time ping' ;;
        dfx/account)
            commands='balances fills ledger deposits deposit-address limits' ;;
        dfx/account/ledger)
            takes='@currencies'
            options='--start= --end= --limit= --margin --otc'
            fields='currency,type,amount,balance,time' ;;
        dfx/account/deposits | dfx/withdraw/list)
            takes='@currencies'
            options='--limit= --from-id= --order=asc,desc'
            fields='id,kind,currency,chain,amount,fee,address,memo,hash,status,exchange_status,created,updated' ;;
        dfx/account/deposit-address)
            takes='@currencies'
            fields='currency,address,memo,chain' ;;
        dfx/account/limits)
            options='--indicators --margin'
            fields='exchange,scope,used,limit,window_seconds,banned_until' ;;
        dfx/order)
            commands='buy sell batch cancel show list' ;;
        dfx/order/batch)
            takes='@symbols @files'
            options='--margin --once= --on-absent=stop,resend --dry-run --yes'
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills,once,replayed,evidence' ;;
        dfx/order/show)
            takes='-...'
            options='--margin'
            fields='id,symbol,market,side,type,price,stop_price,amount,filled,average_price,cost,status,exchange_status,post_only,created,updated,fills' ;;
        dfx/transfer)
            commands='new' ;;
        dfx/transfer/new)
            takes='@currencies -'
            options='--from=spot,margin,otc --to=spot,margin,otc --once= --dry-run --yes'
            fields='id,kind,currency,chain,amount,fee,address,memo,hash,status,exchange_status,created,updated,once,replayed,evidence' ;;
        dfx/withdraw)
            commands='new cancel list' ;;
        dfx/withdraw/new)
            takes='@currencies -'
            options='--address= --chain=ERC20,OMNI --memo= --internal --once= --dry-run --yes'
            fields='id,kind,currency,chain,amount,fee,address,memo,hash,status,exchange_status,created,updated,once,replayed,evidence' ;;
        dfx/withdraw/cancel)
            takes='-'
            options='--dry-run --yes'
            fields='id,status' ;;
        dfx/margin)
            commands='symbols currencies balances positions close' ;;
        dfx/margin/currencies)
            takes='@currencies'
            fields='currency,level,range,loan_fee' ;;
        dfx/margin/positions)
            takes='@symbols'
            fields='symbol,side,leverage,amount,entry_price,unrealized_pnl,liquidation_price,liquidation_rate' ;;
        dfx/margin/close)
            takes='@symbols'
            options='--once= --dry-run --yes'
            fields='symbol,side,leverage,amount,entry_price,unrealized_pnl,liquidation_price,liquidation_rate' ;;
        dfx/auth)
            commands='login status test move logout' ;;
        dfx/auth/login)
            options='--store=keyring,file,command --key= --secret-stdin --yes --no-test' ;;
        journal)
            commands='list show resolve audit' ;;
        journal/list)
            options='--limit='
            fields='key,exchange,profile,command,state,order_id,evidence,attempts,created,updated,candidates,url'
            hides='--raw --profile --timeout --no-wait' ;;
        journal/show)
            takes='-'
            fields='key,exchange,profile,command,state,order_id,evidence,attempts,created,updated,candidates,url'
            hides='--raw --profile --timeout --no-wait' ;;
        journal/resolve)
            takes='-'
            options='--order= --done --none --exchange=dgt,dfx --yes'
            fields='key,exchange,profile,command,state,order_id,evidence,attempts,created,updated,candidates,url' ;;
        journal/audit)
            takes='dgt,dfx...'
            options='--start='
            fields='finding,order_id,symbol,key,created' ;;
        sandbox)
            commands='serve status fund load reset' ;;
        sandbox/serve)
            options='--host= --port= --seed= --clock= --fault=lost-before=0.1,drop-reply=0.1,delay=0.1,late=0.1,error-500=0.1,error-502=0.1,error-500-after=0.1,truncate=0.1,limited=0.1,stale=0.1,lag=0.1,html=0.1,redirect=0.1 --fault-only= --fault-seed= --no-limits --window='
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        sandbox/status)
            fields='path,size,opened,time,clock,seed,open_orders,recordings,accounts,funds,withdrawal_addresses'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        sandbox/fund)
            takes='@currencies -'
            options='--exchange=dgt,dfx --account=1,2'
            fields='exchange,account,currency,amount,free,total,deposit_id'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        sandbox/load)
            takes='@files'
            options='--symbol=@symbols --live'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        sandbox/reset)
            options='--yes'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        config)
            commands='show path set unset' ;;
        config/show)
            fields='key,value,source'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        config/path)
            fields='config,state,sandbox'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        config/set)
            takes='output,dgt.url,dgt.profile,dgt.window,dgt.settle_delay,dgt.guard.halt,dgt.guard.max_deviation_percent,dgt.guard.max_orders_per_minute,dgt.guard.withdrawals,dgt.guard.withdraw_addresses,dgt.limits.public,dgt.limits.private,dfx.url,dfx.profile,dfx.window,dfx.settle_delay,dfx.guard.halt,dfx.guard.max_deviation_percent,dfx.guard.max_orders_per_minute,dfx.guard.withdrawals,dfx.guard.withdraw_addresses,dfx.limits.weight,dfx.stream_url -'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        config/unset)
            takes='output,dgt.url,dgt.profile,dgt.window,dgt.settle_delay,dgt.guard.halt,dgt.guard.max_deviation_percent,dgt.guard.max_orders_per_minute,dgt.guard.withdrawals,dgt.guard.withdraw_addresses,dgt.limits.public,dgt.limits.private,dfx.url,dfx.profile,dfx.window,dfx.settle_delay,dfx.guard.halt,dfx.guard.max_deviation_percent,dfx.guard.max_orders_per_minute,dfx.guard.withdrawals,dfx.guard.withdraw_addresses,dfx.limits.weight,dfx.stream_url'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        completion)
            commands='bash zsh fish' ;;
        completion/bash | completion/zsh | completion/fish)
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
        doctor)
            options='--exchange=dgt,dfx --measure-window'
            fields='name,status,what,hint'
            hides='--raw --sandbox --profile --timeout --no-wait' ;;
    esac
}

# Puts the words up to the cursor into `words`. bash parts them at "=" and ":"; here they are
# joined again, and `apart` is what stands before the part that bash will replace.
_exch_words() {
    local i word part=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE-}
    line=${line:0:${COMP_POINT:-0}}
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)) && [[ -n $line ]]; then
            while [[ $line != *"$word" ]]; do word=${word%?}; done
            part=$word
        fi
        if ((i > 1)) && [[ $word == [=:]* || ${COMP_WORDS[i - 1]} == *[=:] ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words[${#words[@]}]=$word
        fi
    done
    [[ $part == [=:] ]] && part=
    apart=${words[${#words[@]} - 1]%"$part"}
}

_exch() {
    local IFS=$' \t\n' commands takes options fields hides words=() apart
    local common='-o=auto,table,json,ndjson,csv --output=auto,table,json,ndjson,csv --json --fields=@fields --raw --sandbox --profile= --timeout= --no-wait -v --verbose -h --help'
    local word i place= option= ended= sandbox= given=0 kind= typed before= list
    COMPREPLY=()
    _exch_words
    _exch_table ''
    for ((i = 0; i < ${#words[@]} - 1; i++)); do
        word=${words[i]}
        if [[ -n $option ]]; then
            option=
        elif [[ -z $ended && $word == -?* ]]; then
            # Of letters in one, like -vo, the first that takes a value counts.
            while [[ $word == -[!-]?* && " $common " == *" ${word:0:2} "* ]]; do
                word=-${word:2}
            done
            [[ $word == -- ]] && ended=1
            [[ $word == --sandbox ]] && sandbox=$word
            [[ " $options $common " == *" $word="* ]] && option=$word
        elif [[ -n $commands ]]; then
            [[ -n $place ]] || case $word in
                dgtmarket) word=dgt ;;
                digifinex) word=dfx ;;
            esac
            place+=${place:+/}$word ended=
            _exch_table "$place"
        else
            given=$((given + 1))
        fi
    done

    typed=${words[i]}
    if [[ -z $option$ended && $typed == --*=* ]]; then
        option=${typed%%=*} before=$option= typed=${typed#*=}
    fi
    if [[ -n $option ]]; then
        list=" $options $common "
        [[ $list == *" $option="* ]] && kind=${list#*" $option="} kind=${kind%% *}
    elif [[ -z $ended && $typed == -* ]]; then
        for word in $options $common; do
            word=${word%%=*}
            [[ " $hides " == *" $word "* ]] || kind+=$word,
        done
    elif [[ -n $commands ]]; then
        kind=${commands// /,}
    else
        for word in $takes; do
            [[ $given == 0 || $word == *... ]] && kind=${word%...} && break
            given=$((given - 1))
        done
    fi
    _exch_offer
}

# Offers what `kind` says that the word can be.
_exch_offer() {
    local i exchange=${place%%/*}
    case $kind in
        @files)
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do
                COMPREPLY[${#COMPREPLY[@]}]=$before$word
            done < <(compgen -f -- "$typed")
            list= ;;
        @symbols | @currencies)
            list=$(command exch __complete "${kind#@}" "$exchange" $sandbox "$typed" 2>/dev/null) ;;
        @fields)
            compopt -o nospace 2>/dev/null
            [[ $typed == *,* ]] && before+=${typed%,*},
            list=
            for word in ${fields//,/ }; do [[ ,$typed == *,$word,* ]] || list+="$word "; done
            typed=${typed##*,} ;;
        -)
            list= ;;
        *)
            list=${kind//,/ } ;;
    esac
    for word in $list; do
        [[ $word == "$typed"* ]] && COMPREPLY[${#COMPREPLY[@]}]=$before$word
    done
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
        COMPREPLY[i]=${COMPREPLY[i]#"$apart"}
    done
}

complete -F _exch exch
