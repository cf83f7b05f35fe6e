"""Answers in words: units, scales and conjunctions within formulas, and sentences that say more than the answer."""

import time

import pytest

from reward_memory.verifiers import Grader, GroundTruth
from reward_memory.verifiers.amounts import same_amount
from reward_memory.verifiers.sentences import declined, share, told, without_remark
from reward_memory.verifiers.wording import plain_words, same_ratio, without_condition

ROWS = [  # response, truth, whether it is right
    # scientific / small / huge
    ("Therefore the answer is $\\boxed{1}$.", "1 - \\frac{1}{2^{100}}", False),
    # hash line
    ("The cost is somewhere in the range\n#### $15 to $20", "20", False),
    # minus
    ("The solution set is (\u2212\u221e, \u22122].", "(-\\infty,-2]", True),
    # units
    ("The volume is $\\boxed{120 \\text{ cubic inches}}$.", "120 \\text{ in}^3", True),
    # interval / set / tuple
    (
        "The normal is $\\boxed{\\mathbf{i} - 2\\mathbf{j} + 3\\mathbf{k}}$.",
        "\\begin{pmatrix} 1 \\\\ -2 \\\\ 3 \\end{pmatrix}",
        True,
    ),
    # prose / candidates / corrections
    ("Thus, there are **15** ways to choose 2 of the 6 books.", "15", True),
    ("Thus, there are **15** ways to choose 2 of the 6 books.", "6", False),
    ("Therefore, x = 5 (x = -3 is rejected since lengths are positive).", "5", True),
    ("Therefore, x = 5 (x = -3 is rejected since lengths are positive).", "-3", False),
    ("Hence we have $3x + 5 = 20$, so $3x = 15$ and", "15", False),
    ("I was not able to find the value in closed form; numerically I tried 5, 10 and 12 without success.", "12", False),
    # think trace
    (
        "<think>\nEach pair of 8 teams plays twice, so 8*7 = 56 games. Hmm, but it also says that the top 4",
        "4",
        False,
    ),
    # Chinese
    ("\u8be5\u65b9\u7a0b $\\boxed{\\text{\u65e0\u89e3}}$\u3002", "\\text{no solution}", True),
    ("\u89e3\u5f97 $\\boxed{x=3 \\text{ \u6216 } x=-1}$\u3002", "-1, 3", True),
    ("\u6bcf\u4ef6\u5546\u54c1\u7684\u552e\u4ef7\u4e3a $\\boxed{60\u5143}$\u3002", "60", True),
    # ratio
    ("The sides are in the ratio $\\boxed{1:3:2}$.", "1:2:3", False),
    # ratio of three
    ("\\boxed{2:4:3}", "2:3:4", False),
    ("\\boxed{1:4:2}", "1:2:4", False),
    ("\\boxed{6:1:2}", "6:2:1", False),
    # near equality
    ("\\boxed{2}", "2 - \\frac{1}{2^{98}}", False),
    ("\\boxed{1 - \\left(\\frac{1}{2}\\right)^{99}}", "1 - \\left(\\frac{1}{2}\\right)^{100}", False),
    ("\\boxed{1}", "1 - 10^{-40}", False),
    ("\\boxed{\\frac{2^{101}-1}{2^{100}}}", "2", False),
    ("\\boxed{\\frac{100!-1}{100!}}", "1", False),
    # interval in prose
    ("So the solution is [2, \u221e).", "[2,\\infty)", True),
    ("The solution set is {\u22121, 0, 2}.", "\\{-1,0,2\\}", True),
    ("The solution set is {\u22121, 0, 2}.", "2", False),
    ("Therefore the solution is -3 <= x < 4.", "[-3,4)", True),
    ("The vertex is (2, -7).", "(2,-7)", True),
    ("The vertex is (2, -7).", "-7", False),
    ("The vertex is at **(2, \u22127)**.", "(2,-7)", True),
    # inches
    ("\\boxed{12 \\text{ inches}}", "12 \\text{ in}", True),
    ("\\boxed{18 \\text{ square inches}}", "18 \\text{ in}^2", True),
    ("\\boxed{7}", "7 \\text{ in.}", True),
    ("\\boxed{5\\text{ in}}", "5", True),
    ("\\boxed{5 \\text{ in.}}", "5", True),
    ("\\boxed{5\\text{ in}^2}", "5", True),
    ("\\boxed{5\\,\\mathrm{in}}", "5", True),
    ("\\boxed{5 in}", "5", True),
    ("\\boxed{35}", "35\\text{ in}^3", True),
    # prose
    ("Therefore, there are **20** different pairs among the 5 colors.", "20", True),
    ("Therefore, there are **20** different pairs among the 5 colors.", "5", False),
    ("Thus the minimum value is $-4$, attained at $x = 3$.", "-4", True),
    ("Thus the minimum value is $-4$, attained at $x = 3$.", "3", False),
    ("The maximum area is **50** square meters, when the width is 5 meters.", "50", True),
    ("The maximum area is **50** square meters, when the width is 5 meters.", "5", False),
    ("So the smallest such integer is **17** (16 fails, as shown in step 2).", "17", True),
    ("So the smallest such integer is **17** (16 fails, as shown in step 2).", "2", False),
    ("Therefore $x = 4$ (we discard $x = -9$).", "4", True),
    ("Therefore $x = 4$ (we discard $x = -9$).", "-9", False),
    ("So $n = 8$; the other root, $n = -11$, is negative and thus rejected.", "8", True),
    ("So $n = 8$; the other root, $n = -11$, is negative and thus rejected.", "-11", False),
    ("The value lies somewhere between 3 and 5.", "5", False),
    ("The probability is 3 out of 8.", "\\frac{3}{8}", True),
    ("**Answer: 1 in 6**", "\\frac16", True),
    ("> **Final answer:** *x* = 42", "42", True),
    # no answer given
    ("I'm sorry, but the problem does not state how many of the 12 marbles are red.", "12", False),
    ("Step 1: Let $x$ be the number of hens.\nStep 2: Then the number of cows is $30 - x$.\nStep 3:", "3", False),
    # Chinese in a box
    ("\\boxed{x=2\u6216x=-5}", "-5,2", True),
    ("\\boxed{24\u79cd}", "24", True),
    ("\\boxed{2 \\text{ \u548c } 7}", "2,7", True),
    ("\\boxed{x>1 \\text{ \u4e14 } x \\neq 3}", "(1,3)\\cup(3,\\infty)", True),
    ("\\boxed{5\u7c73}", "5", True),
    ("\\boxed{\\text{\u65e0\u5b9e\u6570\u89e3}}", "\\emptyset", True),
    # Chinese prose
    (
        "\u5171\u6709**60**\u79cd\u65b9\u6cd5\uff0c\u5176\u4e2d 12 \u79cd\u542b\u6709\u6570\u5b57 0\u3002",
        "60",
        True,
    ),
    (
        "\u5171\u6709**60**\u79cd\u65b9\u6cd5\uff0c\u5176\u4e2d 12 \u79cd\u542b\u6709\u6570\u5b57 0\u3002",
        "0",
        False,
    ),
    ("\u7b54\uff1a\u7532\u6709 20 \u5143\uff0c\u662f\u4e59\u7684 4 \u500d\u3002", "20", True),
    ("\u7b54\uff1a\u7532\u6709 20 \u5143\uff0c\u662f\u4e59\u7684 4 \u500d\u3002", "4", False),
    # chain in a box
    ("\\boxed{k = 16 \\text{ at } x = 2}", "16", True),
    ("\\boxed{k = 16 \\text{ at } x = 2}", "2", False),
    # numbers
    ("\\boxed{3.5 \\text{ million}}", "3500000", True),
    # words inside a box
    ("\\boxed{\\$2.5 \\text{ million}}", "2500000", True),
    ("\\boxed{2.5 \\text{ million dollars}}", "2500000", True),
    ("\\boxed{7 \\text{ thousand}}", "7000", True),
    ("\\boxed{16 \\text{ when } x = 2}", "16", True),
    ("\\boxed{x = 16 \\text{ for } k = 2}", "16", True),
    ("\\boxed{24 \\text{ ways in total}}", "24", True),
    # x = a or / and
    ("\\boxed{(0,0), \\left(\\pm 1, 2\\right)}", "(0,0),(1,2),(-1,2)", True),
    # general solution
    ("\\boxed{k\\in\\mathbb{Z},\\ x = k\\pi}", "x = k\\pi, k\\in\\mathbb{Z}", True),
    # near equality 2
    ("\\boxed{2 - \\frac{101}{2^{100}}}", "2 - \\frac{102}{2^{100}}", False),
    ("\\boxed{\\frac{2^{2023}-1}{2^{2023}}}", "\\frac{2^{2024}-1}{2^{2024}}", False),
    ("\\boxed{1 - \\frac{1}{2024!}}", "1", False),
    ("\\boxed{\\frac{4^{50}-1}{3 \\cdot 4^{49}}}", "\\frac{4}{3}", False),
    # plain prose
    ("So our final polynomial is $x^2 - 5x + 6$, with roots 2 and 3.", "x^2-5x+6", True),
    ("Therefore, the function is **odd**.", "\\text{odd}", True),
    # neighbors
    ("\\boxed{3.5 \\text{ million}}", "3.5", False),
    ("\\boxed{3.5 \\text{ million}}", "3500", False),
    ("\\boxed{12 \\text{ inches}}", "13 \\text{ in}", False),
    ("\\boxed{5\\text{ in base }8}", "5", False),
    ("\\boxed{x \\text{ in } [0,1]}", "[0,1]", False),
    ("\\boxed{2\\mathbf{i} + \\mathbf{j}}", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", False),
    ("\\boxed{-\\frac{1}{2}\\hat{i} + 3\\hat{k}}", "\\begin{pmatrix} -1/2 \\\\ 0 \\\\ 3 \\end{pmatrix}", True),
    ("\\boxed{2:4:6}", "1:2:3", True),
    ("\\boxed{1:2}", "1:2:3", False),
    ("\\boxed{1:2:3}", "1:2", False),
    ("\\boxed{1:2:3:4}", "1:2:3", False),
    ("\\boxed{24\u4e07}", "24", False),
    ("\\boxed{3\u500d}", "4", False),
    ("\\boxed{60\u5143}", "61", False),
    ("\\boxed{\\text{\u4e0d\u5b58\u5728}}", "\\text{DNE}", True),
    ("\\boxed{\\text{\u4e0d\u5b58\u5728}}", "0", False),
    ("\\boxed{x>1 \\text{ and } x \\neq 3}", "(1,\\infty)", False),
    ("\\boxed{x<-2 \\text{ or } x>3}", "(-\\infty,-2)\\cup(3,\\infty)", True),
    ("\\boxed{(1, \\pm 2)}", "(1,2)", False),
    ("\\boxed{(1, \\pm 2)}", "(1,2),(1,-2)", True),
    ("\\boxed{16 \\text{ when } x = 2}", "16 \\text{ when } x = 3", False),
    ("\\boxed{1 - 2^{-100}}", "1 - \\frac{1}{2^{100}}", True),
    ("\\boxed{\\sqrt{2}\\cdot\\sqrt{3}}", "\\sqrt{6}", True),
    ("\\boxed{\\frac{1}{2024!}}", "\\frac{1}{2024 \\cdot 2023!}", True),
    # sentences
    ("So the area is 768 sq in", "768", True),
    ("The vertex is (2, -7).", "(-7,2)", False),
    ("The solution is x > 3.", "(3,\\infty)", True),
    ("The solution is x > 3.", "[3,\\infty)", False),
    ("She gave away 3 apples, with 5 left the total is 8.", "8", True),
    ("He has 12 marbles, after giving 3 away.", "12", True),
    ("With 12 boxes, since 12 = 3 * 4, the rest is 5.", "5", True),
    ("In **2019** the price was 45 dollars.", "45", True),
    ("There are **4** rows and **6** columns, so 24.", "24", True),
    ("**Step 2:** the sum is 30", "30", True),
    ("The total is 12 (4 apples and 8 pears).", "12", True),
    ("He scored 3 out of 8.", "8", True),
    ("The probability is 3 out of 8.", "\\frac{3}{5}", False),
    ("The function is **even**.", "\\text{odd}", False),
    ("There are 12 **apples**.", "12", True),
    ("It costs **\\$18**.", "18", True),
    ("Each one gets **3/4** of the 8 cakes.", "\\frac34", True),
    ("<think>\nso x is 5.\n</think>\nSo x is 6.", "6", True),
    ("<think>\nso \\boxed{5}", "5", True),
    ("<think>\nThe answer is 5.", "5", True),
    ("<think>\nso x is 5.", "5", False),
    ("I could not find 3 errors, so the total is 4.", "4", True),
    ("Step 3:\nso it is 5", "5", True),
    # amounts, other languages, conditions, names, conclusions
    ("\\boxed{ 112^\\circ 30' }", "112.5^\\circ", True),
    (
        "\\boxed{\\overrightarrow{AB}=\\left(-6,\\,0,\\,\\tfrac92\\right)}",
        "\\begin{pmatrix}-6\\\\0\\\\4.5\\end{pmatrix}",
        True,
    ),
    ("\\boxed{ A(-3,0),\\ B(5,0) }", "(-3,0),(5,0)", True),
    ("\\boxed{\\left(\\pm\\sqrt{3},\\,1\\right)}", "(\\sqrt{3},1),(-\\sqrt{3},1)", True),
    ("\\boxed{ (a,b)=(1,6)\\text{ or }(a,b)=(6,1) }", "(1,6),(6,1)", True),
    (
        "\\boxed{\\left(\\frac{1}{2}, 0\\right) \\text{ and } \\left(-\\frac{1}{2}, 0\\right)}",
        "\\left(\\pm\\frac12,0\\right)",
        True,
    ),
    ("\\boxed{\\left\\{x\\in\\mathbb{R}\\mid x\\neq\\pm1\\right\\}}", "(-\\infty,-1)\\cup(-1,1)\\cup(1,\\infty)", True),
    ("\\boxed{ \\text{all real } x \\text{ except } x=3 }", "(-\\infty,3)\\cup(3,\\infty)", True),
    ("\\boxed{t < 0 \\text{ or } 1 < t < 2}", "(-\\infty,0)\\cup(1,2)", True),
    ("\\boxed{ g(x)=\\frac{2x+1}{x-3},\\quad x\\neq 3 }", "\\frac{2x+1}{x-3}", True),
    ("\\boxed{f(x)=3^{x}\\ \\text{for all } x\\in\\mathbb{R}}", "f(x)=3^x", True),
    ("\\boxed{3\\text{ hours }20\\text{ minutes}}", "2\\text{ hours }30\\text{ minutes}", False),
    ("\\boxed{\\text{on a Friday}}", "\\text{Friday}", True),
    ("\\boxed{\\text{an isosceles right triangle}}", "\\text{isosceles right triangle}", True),
    ("\\boxed{R_{\\odot}\\approx 6.96\\times 10^{10}\\ \\text{cm}}", "6.96e10", True),
    ("\\boxed{-\\frac{Z^2\\,\\hbar^2}{2m_e a_0^2}}", "-\\frac{\\hbar^2Z^2}{2 m_e a_0^2}", True),
    ("\\boxed{ \\alpha^{2}\\beta-\\gamma }", "-\\gamma+\\beta\\alpha^2", True),
    ("\\boxed{a=2,\\ b=-7,\\ c=\\tfrac{1}{3}\\ \\Rightarrow\\ a+b+c=-\\tfrac{14}{3}}", "-\\frac{14}{3}", True),
    ("\\boxed{1 < x < 2 \\text{ or } x > 5}", "(1,2)\\cup(5,\\infty)", True),
    ("\\boxed{f_{\\min} = -\\frac{9}{4}}", "-\\frac{9}{4}", True),
    ("#### C$35", "35", True),
    ("#### 5 boxes of 12 pencils each", "12", False),
    ("So, the bus will have **22 people** on board after the 3rd stop.", "22", True),
    ("So, the bus will have **22 people** on board after the 3rd stop.", "3", False),
    ("\\boxed{x=2 \\text{ oder } x=-\\frac12}", "-\\frac12,2", True),
    ("R\u00e9ponse : $x = \\sqrt{5}$ ou $x = -\\sqrt{5}$", "\\pm\\sqrt5", True),
    ("\\boxed{x=4 \\text{ o } x=-1}", "-1,4", True),
    ("Respuesta: 2,5 horas", "2.5", True),
    ("\\boxed{\\text{No hay soluci\u00f3n}}", "\\text{no solution}", True),
    ("\\boxed{2n-1\\ (n\\in\\mathbf{N}^*)}", "2n-1", True),
    ("\\boxed{ 105 \\text{ minutes} }", "1 \\text{ hour } 45 \\text{ minutes}", True),
    ("\\boxed{4 \\text{ feet } 5 \\text{ inches}}", "5 \\text{ feet } 4 \\text{ inches}", False),
    ("\\boxed{3 \\text{ dollars and } 20 \\text{ cents}}", "\\$3.20", True),
    ("\\boxed{6 \\text{ days } 5 \\text{ hours}}", "5 \\text{ days } 6 \\text{ hours}", False),
    ("\\boxed{\\displaystyle 10 \\text{ min } 3 \\text{ s}}", "3 \\text{ min } 10 \\text{ s}", False),
    ("\\boxed{ 4 \\text{ red and } 6 \\text{ blue} }", "6 \\text{ red and } 4 \\text{ blue}", False),
    ("\\boxed{4 \\text{ weeks } 3 \\text{ days}}", "3 \\text{ weeks } 4 \\text{ days}", False),
    ("\\boxed{x < -2 \\text{ or } 0 < x < 2}", "(-\\infty,-2)\\cup(0,2)", True),
    ("\\boxed{0\\le x\\le 1 \\text{ or } x\\ge 4}", "[0,1]\\cup[4,\\infty)", True),
    ("\\boxed{-3<x<-1 \\text{ or } 1<x<3}", "(-3,-1)\\cup(1,3)", True),
    ("\\boxed{ -3<x<-1\\ \\lor\\ 1<x<3 }", "(-3,-1)\\cup(1,3)", True),
    ("\\boxed{(m,n)=(2,3),\\ (m,n)=(3,2)}", "(2,3),(3,2)", True),
    ("\\boxed{P\\left(\\tfrac12,-3\\right)}", "\\left(\\frac{1}{2},-3\\right)", True),
    ("\\boxed{D(4,-1)}", "(4,-1)", True),
    ("\\boxed{F_1(-\\sqrt5,0),\\ F_2(\\sqrt5,0)}", "(-\\sqrt{5},0),(\\sqrt{5},0)", True),
    ("\\boxed{\\nabla f=\\langle 2x, 2y\\rangle}", "(2x,2y)", True),
    ("\\boxed{y_{\\min}=-5}", "-5", True),
    ("\\boxed{M_{\\oplus}=5.97\\times10^{24}\\text{ kg}}", "5.97e24", True),
    ("\\boxed{\\max_{x} f(x)=8}", "8", True),
    ("\\boxed{f(x)=x+1\\text{ for all real }x}", "f(x)=x+1", True),
    ("\\boxed{a_n=3n-2\\ (n\\ge 1)}", "3n-2", True),
    ("\\boxed{\\frac{x-1}{x+2},\\ x\\ne -2}", "\\frac{x-1}{x+2}", True),
    ("\\boxed{ f(x)=\\frac{c}{x},\\ c\\in\\mathbb{R} }", "f(x)=\\frac{c}{x}", True),
    ("\\boxed{(n,p)=(2k,3k)\\text{ with } k\\in\\mathbb{N}}", "(2k,3k)", True),
    ("\\boxed{y=\\sqrt{x}\\quad(x>0)}", "y=\\sqrt{x}", True),
    ("\\boxed{\\beta\\gamma-\\alpha^2}", "-\\alpha^2+\\gamma\\beta", True),
    ("\\boxed{ \\frac{\\gamma-1}{\\gamma} }", "1-\\frac{1}{\\gamma}", True),
    ("\\boxed{ m_e c^2 }", "c^2 m_e", True),
    ("\\boxed{\\text{the ellipse}}", "\\text{ellipse}", True),
    ("\\boxed{\\text{a circle}}", "\\text{circle}", True),
    ("\\boxed{\\text{the second player}}", "\\text{second player}", True),
    ("\\boxed{\\text{due east}}", "\\text{east}", True),
    ("\\boxed{67^\\circ 30'}", "67.5^\\circ", True),
    ("\\boxed{ 22^{\\circ}30^{\\prime} }", "22.5", True),
    ("#### NZ$48", "48", True),
    ("#### 9 of the 12 students", "12", False),
    ("#### Tom needs 4 gallons to paint 12 chairs", "12", False),
    ("R\u00e9ponse : $x=2$ ou $x=3$", "2,3", True),
    ("R\u00e9ponse : $x=2$ ou $x=3$", "3", False),
    ("\\boxed{x = 1 \\text{ et } x = -6}", "-6,1", True),
    ("Antwort: $x=3$ oder $x=-4$", "-4,3", True),
    ("Antwort: $x=3$ oder $x=-4$", "-4", False),
    ("\\boxed{x = 3 \\text{ und } y = -4}", "(3,-4)", True),
    ("Respuesta: 3,5 metros", "3.5", True),
    ("Resposta: 3,5 kg", "3.5", True),
    ("Risposta: 3,5 cm", "3.5", True),
    ("Antwort: 3,5 Stunden", "3.5", True),
    ("R\u00e9ponse : 3,5 heures", "3.5", True),
    ("\u041e\u0442\u0432\u0435\u0442: 3,5 \u0447\u0430\u0441\u0430", "3.5", True),
    ("Respuesta: $x=3$ o $x=5$", "3,5", True),
    ("Respuesta: $x=3$ o $x=5$", "5", False),
    ("\u041e\u0442\u0432\u0435\u0442: $x=3$ \u0438\u043b\u0438 $x=5$", "3,5", True),
    ("\u041e\u0442\u0432\u0435\u0442: $x=3$ \u0438\u043b\u0438 $x=5$", "5", False),
    ("\\boxed{x=3 \\text{ \u0438\u043b\u0438 } x=5}", "3,5", True),
    ("\\boxed{\\text{keine L\u00f6sung}}", "\\text{no solution}", True),
    ("\\boxed{\\text{\u043d\u0435\u0442 \u0440\u0435\u0448\u0435\u043d\u0438\u0439}}", "\\emptyset", True),
    ("\\boxed{\\text{aucune solution}}", "\\text{no solution}", True),
    ("\\boxed{\\text{no tiene soluci\u00f3n}}", "\\text{no solution}", True),
    ("\\boxed{\\text{sin soluci\u00f3n}}", "\\emptyset", True),
    ("\\boxed{\\text{\u043d\u0435\u0442}}", "\\text{No}", True),
    ("\\boxed{\\text{\u662f}}", "\\text{Yes}", True),
    ("\\boxed{a_n=3^{n-1},\\ n\\in\\mathbf{N}^{*}}", "3^{n-1}", True),
    ("\\boxed{x=k\\pi\\ (k\\in\\mathbf{Z})}", "k\\pi", True),
    ("\\boxed{(2,3)\\text{\u6216}(3,2)}", "(2,3),(3,2)", True),
    ("\\boxed{x=1\\text{\u6216}x=2}", "1,2", True),
    ("\\boxed{\\text{\u6700\u5c0f\u503c\u4e3a }4}", "4", True),
    ("\\boxed{\\text{\u6700\u5c0f\u503c\u4e3a }4\\text{\uff0c\u6b64\u65f6 }x=2}", "2", False),
    ("\\boxed{a=1,b=2 \\implies a+b=3}", "3", True),
    ("\\boxed{x=4\\text{, so the area is }16}", "16", True),
    ("\\boxed{\\text{all reals except } 2}", "(-\\infty,2)\\cup(2,\\infty)", True),
    ("\\boxed{\\mathbb{R}-\\{2\\}}", "(-\\infty,2)\\cup(2,\\infty)", True),
    ("\\boxed{x\\in\\mathbb{R},\\ x\\ne 2}", "(-\\infty,2)\\cup(2,\\infty)", True),
    ("\\boxed{3 \\text{ boys and } 5 \\text{ girls}}", "5 \\text{ boys and } 3 \\text{ girls}", False),
    ("\\boxed{7 \\text{ km } 20 \\text{ m}}", "20 \\text{ km } 7 \\text{ m}", False),
    ("\\boxed{A^T}", "A", False),
    ("\\boxed{n \\text{ is even}}", "n \\text{ is odd}", False),
    ("\\boxed{1 < x < 2 \\text{ and } x > 5}", "(1,2)\\cup(5,\\infty)", False),
    ("\\boxed{1 \\text{ hour } 45 \\text{ minutes}}", "100 \\text{ minutes}", False),
    ("\\boxed{2\\gamma - 1}", "\\gamma - 1", False),
    ("\\boxed{g(x)=2x,\\ x \\neq 3}", "3x", False),
    ("\\boxed{x > 2,\\ x \\neq 3}", "x > 2", False),
    ("\\boxed{P(1,2)}", "(2,1)", False),
    ("\\boxed{x \\ne 3}", "(-\\infty,2)\\cup(2,\\infty)", False),
    ("\\boxed{y_{\\min} = 4}", "5", False),
    ("\\boxed{112^\\circ 30'}", "112.3^\\circ", False),
    ("The answer is 5.\n\nQuestion: What is 2+2?\nAnswer: 4", "5", True),
    ("The answer is 5.<|im_end|>\n<|im_start|>user\nAnd 2+2?<|im_end|>\nThe answer is 4.", "4", False),
    ("#### In 5 years she will be 30", "30", True),
    ("\\boxed{2\u03b3 - 1}", "2\\gamma - 1", True),
    ("\\boxed{2 gamma - 1}", "2\\gamma - 1", True),
    ("\\boxed{\\gamma_1}", "\\gamma_2", False),
]


def test_answers_in_words():
    with Grader(workers=2) as grader:
        verdicts = grader.grade([row[0] for row in ROWS], [GroundTruth("math", row[1]) for row in ROWS])
    assert [row for row, verdict in zip(ROWS, verdicts, strict=True) if verdict.correct != row[2]] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("We add. So there are **15** ways to choose 2.", "15"),
        ("Each of the 6 gets **2 dollars**", "2 dollars"),
        ("The value is **$x^2$** for 3.", "$x^2$"),
        ("So it is **\\(5\\)**.", "\\(5\\)"),
        ("There are **4** rows of **6**.", None),
        ("There are **4** rows, so 24.", None),
        ("In **2019** it was 45.", None),
        ("It is **odd**.", "odd"),
        ("It is **odd** for 3.", None),
        ("The point is (2, -7).", "(2, -7)"),
        ("The set is {1; 2}", "{1; 2}"),
        ("The pair (2, -7) is not in it.", None),
        ("The answer is (a word, another word).", None),
        ("Then 0 < x <= 5 and the solution is 0 < x <= 5.", "0 < x <= 5"),
        ("The solution is x >= -2", "x >= -2"),
        ("Is the point (1, 2)?\nNo.", None),
    ],
)
def test_what_the_last_sentence_points_at(text, value):
    assert told(text) == value


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("So it is 12 (which is 3 more than 9).", "So it is 12"),
        ("So it is 12 (4 apples, 8 pears).", "So it is 12"),
        ("So it is 3 (mod 7).", "So it is 3 (mod 7)."),
        ("It is $-4$, attained at $x = 3$.", "It is $-4$"),
        ("It is 50, when the side is 5.5 meters.", "It is 50"),
        ("Add 50, when the side is 5.", "Add 50, when the side is 5."),
        ("It is 50, when it has 5.", "It is 50, when it has 5."),
        ("It is 4, where the total is 5.", "It is 4, where the total is 5."),
        ("It is 4, since 3 + 1 = 4.", "It is 4, since 3 + 1 = 4."),
        ("It is 4, since $3 + 1 = 4$.", "It is 4"),
        ("So $n = 8$; the other root, $n = -1$, is too small, thus no length.", "So $n = 8$"),
        ("It is so, where the side is 5.", "It is so, where the side is 5."),
    ],
)
def test_remarks_behind_an_answer(text, left):
    assert without_remark(text) == left


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so $3x = 15$ and", True),
        ("so it is 15 sq in", False),
        ("We know 3.\nStep 3:", True),
        ("We know 3.\nStep 3: it is 5", False),
        ("It is between 3 and 5.", True),
        ("There are 8 between 3 and 50, in all 8.", False),
        ("I was not able to find it; I tried 5.", True),
        ("I was not able to find it, so I say 5.", False),
        ("I'm sorry, but the problem does not say how many of the 12 are red.", True),
        ("Sorry I'm late, the total is 12.", False),
    ],
)
def test_texts_without_an_answer(text, expected):
    assert declined(text) == expected


def test_shares():
    assert share("The chance is 3 out of 8.") == "3/8"
    assert share("**1 in 6**") == "1/6"
    assert share("3 out of 8 are red, 2 are blue") is None
    assert share("It is 1.3 out of 8") is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("3.5\\ \\text{ million}", "3.5 million"),
        ("2\\text{ Billion dollars}", "2 Billion dollars"),
        ("x\\text{ million}", "x\\text{ million}"),
        ("12 \\text{ in}", "12 \\text{ inch}"),
        ("12 \\text{ in}^2", "12 \\text{ inch}^2"),
        ("12 \\text{ in }x", "12 \\text{ in }x"),
        ("5 in.", "5 inch"),
        ("5 in 6", "5 in 6"),
        ("24 \\text{ ways in all}", "24 \\text{ ways}"),
        ("k \\in \\mathbb{Z}, x = k", "x = k, k\\in\\mathbb{Z}"),
        ("2\\mathbf{i}-\\mathbf{j}", "\\begin{pmatrix}2 \\\\ -1\\end{pmatrix}"),
        ("\\vec{k}", "\\begin{pmatrix}0 \\\\ 0 \\\\ 1\\end{pmatrix}"),
        ("\\mathbf{i}+\\mathbf{i}", "\\mathbf{i}+\\mathbf{i}"),
        ("\\mathbf{i}\\mathbf{j}", "\\mathbf{i}\\mathbf{j}"),
        ("\\mathbf{i}+3", "\\mathbf{i}+3"),
        ("3{:}4", "3:4"),
        ("24\u79cd", "24"),
        ("60\u5143/\u4e2a", "60"),
        ("3\u4e07", "3\u4e07"),
        ("\u7ea63\u5143", "\u7ea63\u5143"),
        ("\\text{\u65e0\u89e3}\u3002", "\\text{no solution}"),
        ("2\u62163", "2\\text{ or }3"),
        ("x>1\u4e14x<3", "x>1\\text{ and }x<3"),
    ],
)
def test_words_within_formulas(text, plain):
    assert plain_words(text) == plain


def test_a_value_without_where_it_holds():
    assert without_condition("k = 16 \\text{ at } x = 2", "2") == "k = 16"
    assert without_condition("\\frac{1}{2}, \\text{ if } x > 2", "2") == "\\frac{1}{2}"
    assert without_condition("x^2 \\text{ if } x > 2", "2") == "x^2 \\text{ if } x > 2"


def test_ratios_of_three_numbers():
    assert same_ratio("1:2:3", "$2 : 4 : 6$") is True
    assert same_ratio("1:2:3", "1:3:2") is same_ratio("1:2:3", "1:2:3:4") is False
    assert same_ratio("1:2", "1:2:3") is same_ratio("a:b:c", "1:2:3") is None


@pytest.mark.parametrize(
    "part",
    ["\\Rightarrow ", "\\text{ for ", ", ", "\\quad", "x = ", "(", "\\mathbf{i} ", "1:", "5 in ", "{so ", "1 m "],
)
def test_long_formulas_take_no_time(part):
    text = "\\boxed{" + part * 8_000
    start = time.process_time()
    with Grader(workers=1) as grader:
        assert not grader.grade([text], [GroundTruth("math", "7")])[0].correct
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1 \\text{ hour } 45 \\text{ minutes}", "105 \\text{ minutes}", True),
        ("1 hour 45 minutes", "1.75 \\text{ hours}", True),
        ("1 hr, 45 min", "1.75 h", True),
        ("2 weeks 3 days", "17 days", True),
        ("1 min 30 s", "90 sec", True),
        ("1 minute 30 seconds", "1.5", True),
        ("1 mile 2 yards", "63432 inches", True),
        ("1 yd 1 foot", "4 ft", True),
        ("5 \\text{ feet } 6 \\text{ inches}", "66 in", True),
        ("2 km 5 m 3 cm", "2005.03 m", True),
        ("1 cm 5 mm", "1.5 centimeters", True),
        ("1 kilometer 1 meter", "1001", False),
        ("3 \\text{ dollars and } 20 \\text{ cents}", "\\$3.20", True),
        ("3 dollars 20 cents", "320", False),
        ("2 lb 4 oz", "36 ounces", True),
        ("2 pounds 4 ounces", "2.25", True),
        ("1 kg 250 g", "1250 grams", True),
        ("1 kilogram 1 gram", "1.001", True),
        ("67^\\circ 30'", "67.5", True),
        ("67^\\circ 30^{\\prime}", "67.3", False),
        ("4 red and 6 blue", "6 blue, 4 red", True),
        ("4 red and 6 blue", "6 red and 4 blue", False),
        ("5 feet 3 inches", "4 kg 2 g", False),
        ("5 feet", "60 inches", None),
        ("5 feet 3 inches", "x", None),
        ("4 red 6 blue", "4", None),
    ],
)
def test_amounts_of_several_units(one, other, same):
    assert same_amount(one, other) is same
    assert same_amount(other, one) is same
