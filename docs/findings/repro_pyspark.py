import pyspark
from pyspark.ml.linalg import Vectors; from pyspark.ml.regression import GeneralizedLinearRegression as G; from pyspark.sql import SparkSession
s=SparkSession.builder.master("local[1]").config("spark.ui.enabled","false").config("spark.driver.host","localhost").config("spark.log.level","OFF").getOrCreate()
print("pyspark",pyspark.__version__)
import math
y=[3e9,4e9,5e9]
m=G(family="poisson",link="log",maxIter=50,tol=1e-12).fit(s.createDataFrame([(Vectors.dense([float(i)]),v) for i,v in enumerate(y)],["features","label"]))
mu=[r[0] for r in m.summary.predictions.select("prediction").collect()]
print("poisson aic",m.summary.aic,"4 - 2 log L",4-2*sum(v*math.log(u)-u-math.lgamma(v+1) for v,u in zip(y,mu)))
rows=[(Vectors.dense([0.]),1.,300.),(Vectors.dense([0.]),0.,100.),(Vectors.dense([1.]),1.,20.),(Vectors.dense([1.]),0.,300.),(Vectors.dense([2.]),1.,500.),(Vectors.dense([2.]),0.,400.)]
m=G(family="binomial",link="logit",weightCol="w",maxIter=50,tol=1e-12).fit(s.createDataFrame(rows,["features","label","w"])); print("weighted logit",m.intercept,m.coefficients,m.summary.numIterations, "deviance", m.summary.deviance, "null", m.summary.nullDeviance)
X=[(1,512,0,0,0,0,0,0),(0,313,0,0,0,0,0,0)]
adm=[[512,313],[353,207],[120,205],[138,279],[53,138],[22,351]]
rows=[(Vectors.dense([1. if d==j else 0. for j in range(1,6)]),1.-k,float(adm[d][k])) for d in range(6) for k in (0,1)]
m=G(family="binomial",link="logit",weightCol="w",maxIter=50,tol=1e-12).fit(s.createDataFrame(rows,["features","label","w"])); print("UCB by department",m.intercept,m.coefficients,"deviance",m.summary.deviance,"exact intercept",math.log(512/313), "F", math.log(22/351)-math.log(512/313))
