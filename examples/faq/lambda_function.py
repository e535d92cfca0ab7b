# The same in Python, for machines without Node.js.
import json
import random

QUESTIONS = [
    {
        "q": "What is AWS Lambda?",
        "a": "AWS Lambda lets you run code without provisioning or managing servers.",
    },
    {
        "q": "What events can trigger a function?",
        "a": "Changes to objects in a bucket, records in a stream, requests to an API, and schedules.",
    },
    {
        "q": "When should I use AWS Lambda versus Amazon EC2?",
        "a": "A function when you want to think about the code alone, a machine when you want to choose the machine.",
    },
    {
        "q": "Will my code be executed at the same time as my other code?",
        "a": "Yes: each environment runs one event at a time, and there are as many environments as events need.",
    },
]


def lambda_handler(event, context):
    chosen = random.randrange(len(QUESTIONS))
    print("Quote selected:", chosen)
    return {"statusCode": 200, "body": json.dumps(QUESTIONS[chosen])}
