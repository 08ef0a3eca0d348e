# Completion of exch for fish 3 and newer, made by `exch completion fish`.
# No process is started, but for names of symbols and currencies: `exch __complete`.

# Prints the commands before the cursor, like dgt/market, and the number of arguments after them.
function __exch_place
    set -l words (commandline -opc)
    set -e words[1]
    set -l place ''
    set -l given 0
    set -l ended ''
    set -l skip ''
    for word in $words
        if test -n "$skip"
            set skip ''
        else if test -z "$ended"; and string match -q -r -- '^-.' $word
            # Of letters in one, like -vo, the first that takes a value counts.
            set word (string replace -r -- '^-[vh]+(?=.)' - $word)
            test "$word" = --; and set ended yes
            contains -- $word -o --output --fields --profile --timeout --limit --start --end --offset --price --spend --stop --once --on-absent --wait --symbol --side --status -f --field --type --store --key --username --period --source --from-id --order --from --to --address --chain --memo --exchange --host --port --seed --clock --fault --fault-only --fault-seed --window --account; and set skip yes
        else if contains -- "$place" "" dgt dgt/market dgt/account dgt/order dgt/transfer dgt/withdraw dgt/auth dfx dfx/market dfx/account dfx/order dfx/transfer dfx/withdraw dfx/margin dfx/auth journal sandbox config completion
            switch "$place/$word"
                case /dgtmarket
                    set word dgt
                case /digifinex
                    set word dfx
            end
            set place (string trim -l -c / -- "$place/$word")
            set ended ''
        else
            set given (math $given + 1)
        end
    end
    echo $place
    echo $given
end

# Whether the cursor is after the commands of one of these places.
function __exch_at
    set -l here (__exch_place)
    contains -- "$here[1]" $argv
end

# The same, where the argument of this number, or any at all, is to be typed.
function __exch_argument
    set -l here (__exch_place)
    contains -- $argv[1] $here[2] any; and contains -- "$here[1]" $argv[2..-1]
end

# The names of symbols or currencies that exch has cached.
function __exch_names
    set -l here (__exch_place)
    set -l exchange (string split -m 1 -- / $here[1])[1]
    set -l sandbox (string match -- --sandbox (commandline -opc))
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    string match -q -- '-*' $typed; and return
    command exch __complete $argv[1] $exchange $sandbox "$typed" 2>/dev/null
end

# These fields, after those that are typed already, with a comma between them.
function __exch_fields
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    set -l before (string match -r -- '.*,' "$typed")
    for field in $argv
        contains -- $field (string split -- , "$before"); or echo "$before$field"
    end
end

complete -c exch -f
complete -c exch -n '__exch_at ""' -a dgt -d 'The exchange Dgtmarket.'
complete -c exch -n '__exch_at ""' -a dfx -d 'The exchange DigiFinex.'
complete -c exch -n '__exch_at ""' -a journal -d 'Every call that was to change something, and what became of it.'
complete -c exch -n '__exch_at ""' -a sandbox -d 'The exchange inside exch: serve it, look after it, or start afresh.'
complete -c exch -n '__exch_at ""' -a config -d 'The configuration file: what holds, where it is, and changing it.'
complete -c exch -n '__exch_at ""' -a completion -d 'Completion by TAB, for bash, zsh and fish.'
complete -c exch -n '__exch_at ""' -a doctor -d 'Check this machine, the configuration, keys, clocks and limits.'
complete -c exch -n '__exch_at dgt dgt/market dfx dfx/market' -a ticker -d 'The last 24 hours of one market, of several or of all.'
complete -c exch -n '__exch_at dgt dgt/market dfx dfx/market' -a book -d 'The order book, best prices first.'
complete -c exch -n '__exch_at dgt dgt/market dfx dfx/market' -a trades -d 'The latest public trades, newest first.'
complete -c exch -n '__exch_at dgt dgt/market dfx dfx/market' -a symbols -d 'The pairs that can be traded, with the rules that the exchange tells.'
complete -c exch -n '__exch_at dgt dgt/market dfx dfx/market' -a time -d 'The exchange\'s clock, and how far it is ahead of this machine\'s.'
complete -c exch -n '__exch_at dgt dgt/account dfx dfx/account' -a balances -d 'What there is of each currency: free, held by orders, in all.'
complete -c exch -n '__exch_at dgt dgt/account dfx dfx/account' -a fills -d 'Your own trades, newest first.'
complete -c exch -n '__exch_at dgt dgt/order dfx dfx/order' -a buy -d 'Place an order that buys: --price P, or --market for what the order book has.'
complete -c exch -n '__exch_at dgt dgt/order dfx dfx/order' -a sell -d 'Place an order that sells: --price P, or --market for what the order book has.'
complete -c exch -n '__exch_at dgt dgt/order dfx dfx/order' -a cancel -d 'Cancel orders, by their ids or all that are open.'
complete -c exch -n '__exch_at dgt dfx' -a orders -d 'Your orders, newest first: the open ones, or with --history all of them.'
complete -c exch -n '__exch_at dgt dfx' -a api -d 'Call any endpoint, signed where it needs a key, and print the reply as it came.'
complete -c exch -n '__exch_at dgt dfx' -a market -d 'Prices, order books, trades and the rules of each pair.'
complete -c exch -n '__exch_at dgt dfx' -a account -d 'Balances, fills, and what came in and went out.'
complete -c exch -n '__exch_at dgt dfx' -a order -d 'Your orders: place, cancel, and list them.'
complete -c exch -n '__exch_at dgt dfx' -a transfer -d 'Money that comes in, goes out, or moves between accounts.'
complete -c exch -n '__exch_at dgt dfx' -a withdraw -d 'Withdrawals: order, list and cancel them.'
complete -c exch -n '__exch_at dgt dfx' -a auth -d 'The API key: log in, test it, move it, replace it, log out.'
complete -c exch -n '__exch_at dgt/account' -a fill -d 'One of your own trades.'
complete -c exch -n '__exch_at dgt/account dfx/account' -a limits -d 'What this machine has used of the exchange\'s limits, and until when it is banned.'
complete -c exch -n '__exch_at dgt/order dfx/order' -a show -d 'One order with its fills, or several.'
complete -c exch -n '__exch_at dgt/order dfx/order' -a list -d 'Your orders, newest first: the open ones, or with --history all of them.'
complete -c exch -n '__exch_at dgt/transfer' -a list -d 'Deposits and withdrawals, newest first: 100 of them unless you say more.'
complete -c exch -n '__exch_at dgt/transfer' -a show -d 'One deposit or withdrawal.'
complete -c exch -n '__exch_at dgt/withdraw dfx/withdraw' -a new -d 'Withdraw money. On Dgtmarket it goes to the address that is set there, which is shown first.'
complete -c exch -n '__exch_at dgt/auth dfx/auth' -a login -d 'Try an API key and its secret with one signed read, and store them.'
complete -c exch -n '__exch_at dgt/auth dfx/auth' -a status -d 'Where the key comes from and how it begins; nothing is sent.'
complete -c exch -n '__exch_at dgt/auth dfx/auth' -a test -d 'Try the key with one signed read, which changes nothing.'
complete -c exch -n '__exch_at dgt/auth dfx/auth' -a move -d 'Move the stored key, such as from the keyring to a file that cron can read.'
complete -c exch -n '__exch_at dgt/auth dfx/auth' -a logout -d 'Remove the stored key from this machine; at the exchange it stays valid.'
complete -c exch -n '__exch_at dgt/auth' -a rotate -d 'Replace the stored key by a new one from Dgtmarket, which revokes the old one.'
complete -c exch -n '__exch_at dgt/auth' -a recover -d 'Finish a rotation that was interrupted, or say what is lost and what to do.'
complete -c exch -n '__exch_at dfx dfx/market' -a candles -d 'Candles (open, high, low, close, volume), oldest first.'
complete -c exch -n '__exch_at dfx dfx/market' -a currencies -d 'How each currency is deposited and withdrawn, and the fees.'
complete -c exch -n '__exch_at dfx dfx/market' -a ping -d 'Whether the exchange answers, and how fast.'
complete -c exch -n '__exch_at dfx' -a margin -d 'Margin trading: its pairs, what borrowing costs, and your positions.'
complete -c exch -n '__exch_at dfx/account' -a ledger -d 'Every change of a balance, newest first: 100 of them unless you say more.'
complete -c exch -n '__exch_at dfx/account' -a deposits -d 'Deposits, newest first. Their times are as DigiFinex says them, without a zone.'
complete -c exch -n '__exch_at dfx/account' -a deposit-address -d 'Where a currency is deposited: one address a chain, some with a memo.'
complete -c exch -n '__exch_at dfx/order' -a batch -d 'Place many orders of one pair from a file.'
complete -c exch -n '__exch_at dfx/transfer' -a new -d 'Move money between your spot, margin and OTC accounts.'
complete -c exch -n '__exch_at dfx/withdraw' -a cancel -d 'Cancel a withdrawal that is not on its way yet. Safe to repeat.'
complete -c exch -n '__exch_at dfx/withdraw' -a list -d 'Withdrawals, newest first. Their times are as DigiFinex says them, without a zone.'
complete -c exch -n '__exch_at dfx/margin' -a symbols -d 'The pairs that can be traded on margin, with their liquidation rates.'
complete -c exch -n '__exch_at dfx/margin' -a currencies -d 'What can be borrowed, and what that costs.'
complete -c exch -n '__exch_at dfx/margin' -a balances -d 'What there is in the margin account.'
complete -c exch -n '__exch_at dfx/margin' -a positions -d 'Your open positions.'
complete -c exch -n '__exch_at dfx/margin' -a close -d 'Close a position at the market\'s price; what is printed is what is left of it.'
complete -c exch -n '__exch_at journal' -a list -d 'All that was written down, newest first; with --sandbox, what the sandbox was sent.'
complete -c exch -n '__exch_at journal' -a show -d 'What became of one key. One that several accounts have is an array of them (the sandbox\'s is shown alone with --sandbox), and so is a batch: one for each of its calls.'
complete -c exch -n '__exch_at journal' -a resolve -d 'Find out what became of a key, or write down what you have found out yourself.'
complete -c exch -n '__exch_at journal' -a audit -d 'Compare the exchange\'s orders with the journal; what is odd is printed.'
complete -c exch -n '__exch_at sandbox' -a serve -d 'Serve the sandbox over HTTP, with a page to watch it, until it is stopped.'
complete -c exch -n '__exch_at sandbox' -a status -d 'Where the sandbox is, what time it has, whose keys it knows, and what they own.'
complete -c exch -n '__exch_at sandbox' -a fund -d 'Deposit money into a demo account; it is there at once.'
complete -c exch -n '__exch_at sandbox' -a load -d 'Replay a recording of real trades in place of a pair\'s simulated market.'
complete -c exch -n '__exch_at sandbox' -a reset -d 'Remove the sandbox\'s files; the next command opens a new one.'
complete -c exch -n '__exch_at config' -a show -d 'Every setting, its value, and where that comes from.'
complete -c exch -n '__exch_at config' -a path -d 'Where the configuration file, the state and the sandbox are.'
complete -c exch -n '__exch_at config' -a set -d 'Set one value in the configuration file; the whole file is checked first.'
complete -c exch -n '__exch_at config' -a unset -d 'Take one value out of the configuration file, so that its default holds.'
complete -c exch -n '__exch_at completion' -a bash -d 'Print the completion script for bash.'
complete -c exch -n '__exch_at completion' -a zsh -d 'Print the completion script for zsh.'
complete -c exch -n '__exch_at completion' -a fish -d 'Print the completion script for fish.'
complete -c exch -n '__exch_argument any dgt/ticker dgt/market/ticker dfx/ticker dfx/market/ticker' -a '(__exch_names symbols)'
complete -c exch -n '__exch_argument 0 dgt/book dgt/market/book dfx/book dfx/market/book dgt/trades dgt/market/trades dfx/trades dfx/market/trades dgt/fills dgt/account/fills dgt/buy dgt/order/buy dgt/sell dgt/order/sell dgt/orders dgt/order/list dfx/candles dfx/market/candles dfx/fills dfx/account/fills dfx/buy dfx/order/buy dfx/sell dfx/order/sell dfx/orders dfx/order/list dfx/order/batch dfx/margin/positions dfx/margin/close' -a '(__exch_names symbols)'
complete -c exch -n '__exch_argument 0 dgt/transfer/list dgt/withdraw/new dfx/currencies dfx/market/currencies dfx/account/ledger dfx/account/deposits dfx/withdraw/list dfx/account/deposit-address dfx/transfer/new dfx/withdraw/new dfx/margin/currencies sandbox/fund' -a '(__exch_names currencies)'
complete -c exch -n '__exch_argument 1 dfx/order/batch' -F
complete -c exch -n '__exch_argument any journal/audit' -a 'dgt dfx'
complete -c exch -n '__exch_argument 0 sandbox/load' -F
complete -c exch -n '__exch_argument 0 config/set config/unset' -a 'output dgt.url dgt.profile dgt.window dgt.settle_delay dgt.guard.halt dgt.guard.max_deviation_percent dgt.guard.max_orders_per_minute dgt.guard.withdrawals dgt.guard.withdraw_addresses dgt.limits.public dgt.limits.private dfx.url dfx.profile dfx.window dfx.settle_delay dfx.guard.halt dfx.guard.max_deviation_percent dfx.guard.max_orders_per_minute dfx.guard.withdrawals dfx.guard.withdraw_addresses dfx.limits.weight dfx.stream_url'

complete -c exch -n '__exch_at dgt/ticker dgt/market/ticker dfx/ticker dfx/market/ticker' -l fields -x -a '(__exch_fields symbol last bid ask high low volume quote_volume change_percent time)'
complete -c exch -n '__exch_at dgt/book dgt/market/book dfx/book dfx/market/book' -l fields -x -a '(__exch_fields symbol bids asks time)'
complete -c exch -n '__exch_at dgt/trades dgt/market/trades dfx/trades dfx/market/trades' -l fields -x -a '(__exch_fields id symbol side price amount time)'
complete -c exch -n '__exch_at dgt/symbols dgt/market/symbols dfx/margin/symbols dfx/symbols dfx/market/symbols' -l fields -x -a '(__exch_fields symbol base quote price_precision amount_precision min_amount min_value status order_types api_trading margin liquidation_rate zone)'
complete -c exch -n '__exch_at dgt/time dgt/market/time dfx/time dfx/market/time' -l fields -x -a '(__exch_fields exchange time offset_seconds)'
complete -c exch -n '__exch_at dgt/balances dgt/account/balances dfx/margin/balances dfx/balances dfx/account/balances' -l fields -x -a '(__exch_fields currency free held total address withdraw_address)'
complete -c exch -n '__exch_at dgt/fills dgt/account/fills dgt/account/fill dfx/fills dfx/account/fills' -l fields -x -a '(__exch_fields id order_id symbol market side price amount fee fee_currency fee_percent maker time)'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dfx/buy dfx/order/buy dfx/sell dfx/order/sell dfx/order/batch' -l fields -x -a '(__exch_fields id symbol market side type price stop_price amount filled average_price cost status exchange_status post_only created updated fills once replayed evidence)'
complete -c exch -n '__exch_at dgt/cancel dgt/order/cancel dfx/cancel dfx/order/cancel dfx/withdraw/cancel' -l fields -x -a '(__exch_fields id status)'
complete -c exch -n '__exch_at dgt/orders dgt/order/list dgt/order/show dfx/orders dfx/order/list dfx/order/show' -l fields -x -a '(__exch_fields id symbol market side type price stop_price amount filled average_price cost status exchange_status post_only created updated fills)'
complete -c exch -n '__exch_at dgt/account/limits dfx/account/limits' -l fields -x -a '(__exch_fields exchange scope used limit window_seconds banned_until)'
complete -c exch -n '__exch_at dgt/transfer/list dgt/transfer/show dfx/account/deposits dfx/withdraw/list' -l fields -x -a '(__exch_fields id kind currency chain amount fee address memo hash status exchange_status created updated)'
complete -c exch -n '__exch_at dgt/withdraw/new dfx/transfer/new dfx/withdraw/new' -l fields -x -a '(__exch_fields id kind currency chain amount fee address memo hash status exchange_status created updated once replayed evidence)'
complete -c exch -n '__exch_at dgt/auth/status dgt/auth/test dfx/auth/status dfx/auth/test' -l fields -x -a '(__exch_fields exchange profile source place key)'
complete -c exch -n '__exch_at dfx/candles dfx/market/candles' -l fields -x -a '(__exch_fields symbol time open high low close volume)'
complete -c exch -n '__exch_at dfx/currencies dfx/market/currencies' -l fields -x -a '(__exch_fields currency chain deposit withdraw min_deposit min_withdraw withdraw_fee_currency min_withdraw_fee withdraw_fee_rate)'
complete -c exch -n '__exch_at dfx/ping dfx/market/ping' -l fields -x -a '(__exch_fields exchange message milliseconds)'
complete -c exch -n '__exch_at dfx/account/ledger' -l fields -x -a '(__exch_fields currency type amount balance time)'
complete -c exch -n '__exch_at dfx/account/deposit-address' -l fields -x -a '(__exch_fields currency address memo chain)'
complete -c exch -n '__exch_at dfx/margin/currencies' -l fields -x -a '(__exch_fields currency level range loan_fee)'
complete -c exch -n '__exch_at dfx/margin/positions dfx/margin/close' -l fields -x -a '(__exch_fields symbol side leverage amount entry_price unrealized_pnl liquidation_price liquidation_rate)'
complete -c exch -n '__exch_at journal/list journal/show journal/resolve' -l fields -x -a '(__exch_fields key exchange profile command state order_id evidence attempts created updated candidates url)'
complete -c exch -n '__exch_at journal/audit' -l fields -x -a '(__exch_fields finding order_id symbol key created)'
complete -c exch -n '__exch_at sandbox/status' -l fields -x -a '(__exch_fields path size opened time clock seed open_orders recordings accounts funds withdrawal_addresses)'
complete -c exch -n '__exch_at sandbox/fund' -l fields -x -a '(__exch_fields exchange account currency amount free total deposit_id)'
complete -c exch -n '__exch_at config/show' -l fields -x -a '(__exch_fields key value source)'
complete -c exch -n '__exch_at config/path' -l fields -x -a '(__exch_fields config state sandbox)'
complete -c exch -n '__exch_at doctor' -l fields -x -a '(__exch_fields name status what hint)'
complete -c exch -n '__exch_at ""' -l version -d 'Print the version and leave.'
complete -c exch -n '__exch_at dgt/book dgt/market/book dfx/book dfx/market/book' -l limit -x -d 'Levels a side: up to 30 on dgt, 150 on dfx [10].'
complete -c exch -n '__exch_at dgt/trades dgt/market/trades dfx/trades dfx/market/trades' -l limit -x -d 'Trades: up to 30 on dgt [30], 500 on dfx [100].'
complete -c exch -n '__exch_at dgt/fills dgt/account/fills dgt/orders dgt/order/list dfx/candles dfx/market/candles dfx/fills dfx/account/fills dfx/orders dfx/order/list dfx/account/ledger' -l start -x -d 'From then on: epoch, ISO 8601 or ago (3d).'
complete -c exch -n '__exch_at dgt/fills dgt/account/fills dgt/orders dgt/order/list dfx/candles dfx/market/candles dfx/fills dfx/account/fills dfx/orders dfx/order/list dfx/account/ledger' -l end -x -d 'Up to and with then: epoch, ISO 8601 or ago (2h).'
complete -c exch -n '__exch_at dgt/fills dgt/account/fills dgt/orders dgt/order/list dgt/transfer/list dfx/fills dfx/account/fills dfx/orders dfx/order/list dfx/account/ledger' -l limit -x -d 'The newest N.'
complete -c exch -n '__exch_at dgt/fills dgt/account/fills dgt/orders dgt/order/list dgt/transfer/list dfx/fills dfx/account/fills dfx/orders dfx/order/list' -l all -d 'All that there are, however many pages.'
complete -c exch -n '__exch_at dgt/fills dgt/account/fills dgt/orders dgt/order/list dgt/transfer/list' -l offset -x -d 'Leave out the newest N.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dfx/buy dfx/order/buy dfx/sell dfx/order/sell' -l price -x -d 'It trades at this price in quote currency, or a better one.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dfx/buy dfx/order/buy dfx/sell dfx/order/sell' -l market -d 'At whatever price the order book has, at once.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dfx/buy dfx/order/buy' -l spend -x -d 'With --market: how much money to spend.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell' -l stop -x -d 'Not active before the price reaches P.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dfx/buy dfx/order/buy dfx/sell dfx/order/sell' -l round -d 'Too many decimals: amounts down, a price never to a worse one.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dgt/withdraw/new dfx/buy dfx/order/buy dfx/sell dfx/order/sell dfx/order/batch dfx/transfer/new dfx/withdraw/new dfx/margin/close' -l once -x -d 'Never do this twice under this key.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dfx/buy dfx/order/buy dfx/sell dfx/order/sell dfx/order/batch' -l on-absent -x -k -a 'stop resend' -d 'If an earlier try provably did nothing.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dfx/buy dfx/order/buy dfx/sell dfx/order/sell' -l wait -x -d 'Wait until it is filled or canceled, so long at most [60].'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dgt/cancel dgt/order/cancel dgt/withdraw/new dfx/buy dfx/order/buy dfx/sell dfx/order/sell dfx/cancel dfx/order/cancel dfx/order/batch dfx/transfer/new dfx/withdraw/new dfx/withdraw/cancel dfx/margin/close' -l dry-run -d 'Print the request that would be sent; send none.'
complete -c exch -n '__exch_at dgt/buy dgt/order/buy dgt/sell dgt/order/sell dgt/cancel dgt/order/cancel dgt/api dfx/api dgt/withdraw/new dgt/auth/login dgt/auth/logout dfx/auth/logout dgt/auth/rotate dfx/buy dfx/order/buy dfx/sell dfx/order/sell dfx/cancel dfx/order/cancel dfx/order/batch dfx/transfer/new dfx/withdraw/new dfx/withdraw/cancel dfx/margin/close dfx/auth/login sandbox/reset' -l yes -d 'Do not ask.'
complete -c exch -n '__exch_at dgt/cancel dgt/order/cancel dfx/cancel dfx/order/cancel' -l all -d 'All that are open.'
complete -c exch -n '__exch_at dgt/cancel dgt/order/cancel dfx/cancel dfx/order/cancel' -l symbol -x -k -a '(__exch_names symbols)' -d 'With --all: only of this pair.'
complete -c exch -n '__exch_at dgt/cancel dgt/order/cancel dfx/cancel dfx/order/cancel' -l side -x -k -a 'buy sell' -d 'With --all: only these.'
complete -c exch -n '__exch_at dgt/orders dgt/order/list dfx/orders dfx/order/list' -l history -d 'Also those that are filled or canceled.'
complete -c exch -n '__exch_at dgt/orders dgt/order/list dfx/orders dfx/order/list' -l status -x -d 'open, partially_filled, filled, canceled, partially_canceled, unknown, or the exchange\'s own word. Looks in the history where needed.'
complete -c exch -n '__exch_at dgt/orders dgt/order/list dfx/orders dfx/order/list' -l side -x -k -a 'buy sell' -d 'Only these.'
complete -c exch -n '__exch_at dgt/api dfx/api' -s f -l field -x -d 'A parameter; may be repeated.'
complete -c exch -n '__exch_at dgt/transfer/list' -l type -x -d 'Dgtmarket\'s word for it, such as DEPOSIT.'
complete -c exch -n '__exch_at dgt/transfer/list' -l status -x -d 'Dgtmarket\'s word for it, such as PENDING.'
complete -c exch -n '__exch_at dgt/auth/login dfx/auth/login' -l store -x -k -a 'keyring file command' -d 'Where it is kept: in the system\'s keyring, a file, or by a helper.'
complete -c exch -n '__exch_at dgt/auth/login dfx/auth/login' -l key -x -d 'The API key.'
complete -c exch -n '__exch_at dgt/auth/login dfx/auth/login' -l secret-stdin -d 'Read its secret from stdin, do not ask.'
complete -c exch -n '__exch_at dgt/auth/login dgt/auth/rotate' -l username -x -d 'Your user name, to fetch a new key with.'
complete -c exch -n '__exch_at dgt/auth/login dgt/auth/rotate' -l password-stdin -d 'Read the password from stdin.'
complete -c exch -n '__exch_at dgt/auth/login dfx/auth/login' -l no-test -d 'Do not try it with a signed read.'
complete -c exch -n '__exch_at dgt/auth/move dfx/auth/move' -l store -x -k -a 'keyring file' -d 'Where it goes: the keyring, or a file.'
complete -c exch -n '__exch_at dfx/candles dfx/market/candles' -l period -x -k -a '1m 5m 15m 30m 1h 4h 12h 1d 1w' -d 'The length of one candle.'
complete -c exch -n '__exch_at dfx/candles dfx/market/candles' -l limit -x -d 'At most N: the first from --start, else the last.'
complete -c exch -n '__exch_at dfx/symbols dfx/market/symbols' -l source -x -k -a 'markets spot margin api' -d 'Which of the exchange\'s lists [spot].'
complete -c exch -n '__exch_at dfx/currencies dfx/market/currencies' -l margin -d 'What can be borrowed, and what that costs.'
complete -c exch -n '__exch_at dfx/balances dfx/account/balances dfx/fills dfx/account/fills dfx/orders dfx/order/list dfx/account/ledger dfx/order/show' -l margin -d 'The margin account\'s.'
complete -c exch -n '__exch_at dfx/buy dfx/order/buy dfx/sell dfx/order/sell' -l post-only -d 'Canceled rather than traded at once: it only makes.'
complete -c exch -n '__exch_at dfx/buy dfx/order/buy dfx/sell dfx/order/sell dfx/cancel dfx/order/cancel dfx/order/batch' -l margin -d 'In the margin account.'
complete -c exch -n '__exch_at dfx/account/ledger' -l otc -d 'The OTC account\'s.'
complete -c exch -n '__exch_at dfx/account/deposits dfx/withdraw/list' -l limit -x -d 'At most N; any number [100].'
complete -c exch -n '__exch_at dfx/account/deposits dfx/withdraw/list' -l from-id -x -d 'Begin there [the newest].'
complete -c exch -n '__exch_at dfx/account/deposits dfx/withdraw/list' -l order -x -k -a 'asc desc' -d 'From old to new, or from new to old.'
complete -c exch -n '__exch_at dfx/account/limits' -l indicators -d 'FR, FW and CR of the last 10 minutes, pair by pair.'
complete -c exch -n '__exch_at dfx/account/limits' -l margin -d 'With --indicators: of the orders on margin.'
complete -c exch -n '__exch_at dfx/transfer/new' -l from -x -k -a 'spot margin otc' -d 'The account that it leaves.'
complete -c exch -n '__exch_at dfx/transfer/new' -l to -x -k -a 'spot margin otc' -d 'The account that it comes to.'
complete -c exch -n '__exch_at dfx/withdraw/new' -l address -x -d 'One of the withdrawal addresses of your settings.'
complete -c exch -n '__exch_at dfx/withdraw/new' -l chain -x -k -a 'ERC20 OMNI' -d 'For USDT: ERC20 or OMNI.'
complete -c exch -n '__exch_at dfx/withdraw/new' -l memo -x -d 'The tag that some currencies need.'
complete -c exch -n '__exch_at dfx/withdraw/new' -l internal -d 'To another user, whose id is the address.'
complete -c exch -n '__exch_at journal/list' -l limit -x -d 'The newest N [all].'
complete -c exch -n '__exch_at journal/resolve' -l order -x -d 'It is this order; of a batch, name each.'
complete -c exch -n '__exch_at journal/resolve' -l done -d 'It was done: what has no id, such as a transfer.'
complete -c exch -n '__exch_at journal/resolve' -l none -d 'It was not done.'
complete -c exch -n '__exch_at journal/resolve' -l exchange -x -k -a 'dgt dfx' -d 'dgt or dfx, where both have this key.'
complete -c exch -n '__exch_at journal/resolve' -l yes -d 'Whatever the exchange says of the order.'
complete -c exch -n '__exch_at journal/audit' -l start -x -d 'Since then: epoch, ISO 8601 or ago.'
complete -c exch -n '__exch_at sandbox/serve' -l host -x -d 'Where to listen [127.0.0.1: this machine alone].'
complete -c exch -n '__exch_at sandbox/serve' -l port -x -d 'The port; 0 picks one [8420].'
complete -c exch -n '__exch_at sandbox/serve' -l seed -x -d 'The market that a new sandbox gets.'
complete -c exch -n '__exch_at sandbox/serve' -l clock -x -d 'Stop the clock there; it can be moved.'
complete -c exch -n '__exch_at sandbox/serve' -l fault -x -k -a 'lost-before=0.1 drop-reply=0.1 delay=0.1 late=0.1 error-500=0.1 error-502=0.1 error-500-after=0.1 truncate=0.1 limited=0.1 stale=0.1 lag=0.1 html=0.1 redirect=0.1' -d 'Let this go wrong, in so many of all signed requests (0 to 1); repeatable; some take NAME=RATE:SECONDS. The names: lost-before, drop-reply, delay, late, error-500, error-502, error-500-after, truncate, limited, stale, lag, html, redirect.'
complete -c exch -n '__exch_at sandbox/serve' -l fault-only -x -d 'Only requests of this kind; repeatable.'
complete -c exch -n '__exch_at sandbox/serve' -l fault-seed -x -d 'Other faults, as often [0].'
complete -c exch -n '__exch_at sandbox/serve' -l no-limits -d 'No rate limits, no bans: for measurements.'
complete -c exch -n '__exch_at sandbox/serve' -l window -x -d 'How late a signed request may arrive, for tests of settling in seconds [dgt 30, dfx 5].'
complete -c exch -n '__exch_at sandbox/fund' -l exchange -x -k -a 'dgt dfx' -d 'Left out, the one exchange with that currency.'
complete -c exch -n '__exch_at sandbox/fund' -l account -x -k -a '1 2' -d 'Which of the two demo accounts [1].'
complete -c exch -n '__exch_at sandbox/load' -l symbol -x -k -a '(__exch_names symbols)' -d 'The pair; left out, the file\'s name tells it.'
complete -c exch -n '__exch_at sandbox/load' -l live -d 'Play it from now on, instead of ending it just now.'
complete -c exch -n '__exch_at doctor' -l exchange -x -k -a 'dgt dfx' -d 'Only this exchange [both].'
complete -c exch -n '__exch_at doctor' -l measure-window -d 'Also find out with late signed reads how late a request may arrive.'

complete -c exch -s o -l output -x -k -a 'auto table json ndjson csv' -d 'Print as auto, table, json, ndjson or csv (auto: a table on a terminal, else JSON).'
complete -c exch -l json -d 'The same as -o json.'
complete -c exch -l fields -x -d 'Only these fields, in this order.'
complete -c exch -n 'not __exch_at journal/list journal/show sandbox/serve sandbox/status sandbox/fund sandbox/load sandbox/reset config/show config/path config/set config/unset completion/bash completion/zsh completion/fish doctor' -l raw -d 'The exchange\'s own reply, byte for byte, whatever -o says.'
complete -c exch -n 'not __exch_at sandbox/serve sandbox/status sandbox/fund sandbox/load sandbox/reset config/show config/path config/set config/unset completion/bash completion/zsh completion/fish doctor' -l sandbox -d 'Use the exchange inside exch: no network, no account.'
complete -c exch -n 'not __exch_at journal/list journal/show sandbox/serve sandbox/status sandbox/fund sandbox/load sandbox/reset config/show config/path config/set config/unset completion/bash completion/zsh completion/fish doctor' -l profile -x -d 'The profile whose settings and key are used.'
complete -c exch -n 'not __exch_at journal/list journal/show sandbox/serve sandbox/status sandbox/fund sandbox/load sandbox/reset config/show config/path config/set config/unset completion/bash completion/zsh completion/fish doctor' -l timeout -x -d 'Give up after this long in all [30].'
complete -c exch -n 'not __exch_at journal/list journal/show sandbox/serve sandbox/status sandbox/fund sandbox/load sandbox/reset config/show config/path config/set config/unset completion/bash completion/zsh completion/fish doctor' -l no-wait -d 'Fail (exit 5) instead of waiting for a rate limit.'
complete -c exch -s v -l verbose -d 'Tell on stderr what is sent.'
complete -c exch -s h -l help -d 'Show this message and exit.'
