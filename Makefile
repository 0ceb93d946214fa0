# Two commands are all one needs: `make demo` and `make test`. The program itself is .venv/bin/wangge (--help).
.DEFAULT_GOAL := help
.PHONY: help demo serve test torture lint lock openapi clean bench setup setup-dev web apps
export PORT ?= 8000
W := .venv/bin

help:            ## 各目标一行说明 · a line for each target
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

demo: setup apps ## 演示：装好、启动、载入演示数据，网址 http://127.0.0.1:$PORT · a running demo (PORT=8000)
	@exec $(W)/wangge demo --port $(PORT)

serve: setup apps ## 按 wangge.toml 与环境变量启动服务 · serve with the settings of wangge.toml and the environment
	@exec $(W)/wangge serve

test: setup-dev  ## 运行全部检查与测试（ARGS= 传给 pytest）· every check and test (ARGS= goes to pytest)
	@web=; WANGGE_CHROMIUM=$$(tools/browser) || web=--ignore=tests/web; export WANGGE_CHROMIUM; \
	tools/nginx >/dev/null || web="$$web --ignore=tests/system/test_behind_nginx.py"; \
	if tools/web; then tools/web check || exit 1; else web="$$web --ignore=tests/web/console --ignore=tests/web/field --ignore=tests/web/portal"; fi; \
	exec $(W)/python -m pytest -n auto --maxprocesses=4 --dist loadfile --no-loadscope-reorder $$web $(ARGS)

torture: setup-dev ## 长时间的故障试验：杀进程、过载、磁盘满、长恢复、浸泡（约 50 分钟）· the long tests of faults (50 minutes)
	@WANGGE_KILL_ROUNDS=200 WANGGE_LEVEL_CASES=10000 WANGGE_OVERLOAD_SECONDS=300 WANGGE_EVERY_CUT=1 WANGGE_RECOVERY_MB=2048 \
	WANGGE_SOAK_MINUTES=$${WANGGE_SOAK_MINUTES:-10} $(W)/python -m pytest -s --durations=0 tests/system/test_kill.py tests/system/test_levels.py \
	  tests/system/test_overload.py tests/system/test_steps.py tests/system/test_clock_jumps.py tests/system/test_full_disk.py \
	  tests/system/test_recovery.py tests/system/test_soak.py $(ARGS)
	@$(W)/python bench/start.py demo

lint: setup-dev  ## 代码格式与依赖方向 · code style and the direction of imports
	@$(W)/ruff check wangge tests examples bench tools
	@$(W)/lint-imports --no-cache

web: setup       ## 构建网页应用（web/）· build the web apps
	@tools/web

openapi: setup   ## 重写 docs/openapi.json 与网页应用的接口客户端 · write the committed OpenAPI and the web apps' client anew
	@$(W)/wangge openapi --output docs/openapi.json
	@tools/web api

bench: setup-dev ## 在本机测量性能 · measure on this machine
	@mkdir -p var/bench && exec $(W)/wangge bench --json var/bench/run.json --plot var/bench/cost.svg $(ARGS)

lock: setup-dev  ## 重新锁定依赖（requirements/*.in → *.txt）· lock the requirements anew
	@cd requirements && for kind in runtime dev web; do \
	  CUSTOM_COMPILE_COMMAND="make lock" ../$(W)/pip-compile -q --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS) -o $$kind.txt $$kind.in || exit 1; done

clean:           ## 删除运行环境与缓存（数据 var/ 保留）· remove the environment and caches (data in var/ stays)
	@rm -rf .venv dist build web/node_modules wangge/pages/static/console wangge/pages/static/field wangge/pages/static/portal .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find wangge tests -name __pycache__ -type d -prune -exec rm -rf {} +

apps: setup
	@tools/web || true

setup:
	@tools/setup runtime

setup-dev:
	@tools/setup dev
