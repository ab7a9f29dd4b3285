#!/usr/bin/env python3
"""Opens a report in headless Chromium as a reader would: looks for errors, uses the filter, a
column head, a tooltip and the choice of a cell. Usage: report.py PAGE WORD [SCREENSHOT_FOLDER]:
WORD is one that some rows have and others have not."""
import pathlib
import sys

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait


def browser():
    options = Options()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--window-size=1400,1000", "--host-resolver-rules=MAP * ~NOTFOUND"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def shown_rows(page):
    return len(page.find_elements(By.CSS_SELECTOR, "#table tr")) - 1


def check_filter(page, word):
    before = shown_rows(page)
    field = page.find_element(By.ID, "filter")
    field.send_keys(word)
    some = shown_rows(page)
    assert 0 < some < before, (some, before)
    points = "return Chart.getChart(document.querySelector('#comparisons canvas')).data.datasets" \
             ".reduce((n, set) => n + set.data.length, 0)"
    filtered = page.execute_script(points)
    field.send_keys(" nosuchword")
    assert shown_rows(page) == 0
    page.execute_script("arguments[0].value = ''; arguments[0].dispatchEvent(new Event('input'))", field)
    assert shown_rows(page) == before
    assert page.execute_script(points) > filtered, "the filter does not act on the plots"


def check_sorting(page):
    head = page.find_elements(By.CSS_SELECTOR, "#table th")[-1]
    column = len(page.find_elements(By.CSS_SELECTOR, "#table th"))
    head.click()
    texts = [c.text for c in page.find_elements(By.CSS_SELECTOR, f"#table td:nth-child({column})")]
    numbers = [float(t.split()[0]) for t in texts if t[:1].isdigit() or t[:1] == "-" and len(t) > 1]
    assert numbers == sorted(numbers), texts


def check_tooltip(page, canvas):
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    ActionChains(page).move_to_element(canvas).perform()
    script = "const tip = Chart.getChart(arguments[0]).tooltip; " \
             "return tip.opacity > 0 ? tip.title.concat(tip.body.flatMap(b => b.lines)).join(' ') : ''"
    text = WebDriverWait(page, 5).until(lambda p: p.execute_script(script, canvas))
    assert any(c.isdigit() for c in text), text
    return text


def check_page(page, word):
    WebDriverWait(page, 30).until(
        lambda p: p.execute_script("return document.documentElement.dataset.ready") == "true")
    check_filter(page, word)
    check_sorting(page)
    for canvas in page.find_elements(By.CSS_SELECTOR, ".frame canvas"):
        assert page.execute_script("return Chart.getChart(arguments[0]) !== undefined", canvas)
    print("tooltip:", check_tooltip(page, page.find_element(By.CSS_SELECTOR, "#comparisons canvas")))
    cells = Select(page.find_element(By.ID, "cell"))
    for k in range(len(cells.options)):
        cells.select_by_index(k)
        shown = page.find_element(By.ID, "state").text
        assert shown, k
    print("tooltip:", check_tooltip(page, page.find_element(By.CSS_SELECTOR, "#details canvas")))
    assert page.execute_script("return window.stolen") is None, "a text of the results ran as code"


def check_silence(page):
    faults = [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"]
    assert not faults, faults
    requests = [entry["message"] for entry in page.get_log("performance")
                if "Network.requestWillBeSent\"" in entry["message"] and "\"url\":\"http" in entry["message"]]
    assert not requests, requests


def take_screenshots(page, folder):
    height = page.execute_script("return document.documentElement.scrollHeight")
    for k, top in enumerate(range(0, height, 950)):
        page.execute_script("window.scrollTo(0, arguments[0])", top)
        page.save_screenshot(str(folder / f"page-{k:02d}.png"))


def main():
    page = browser()
    try:
        page.get(pathlib.Path(sys.argv[1]).resolve().as_uri())
        check_page(page, sys.argv[2])
        check_silence(page)
        if len(sys.argv) > 3:
            take_screenshots(page, pathlib.Path(sys.argv[3]))
    finally:
        page.quit()


main()
