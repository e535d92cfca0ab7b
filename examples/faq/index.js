// A random entry of a list of questions, in the old style that still runs: an answer by context.succeed.
var json = {
  "service": "lambda",
  "reference": "https://aws.amazon.com/lambda/faqs/",
  "questions": [{
    "q": "What is AWS Lambda?",
    "a": "AWS Lambda lets you run code without provisioning or managing servers."
  }, {
    "q": "What events can trigger a function?",
    "a": "Changes to objects in a bucket, records in a stream, requests to an API, and schedules."
  }, {
    "q": "When should I use AWS Lambda versus Amazon EC2?",
    "a": "A function when you want to think about the code alone, a machine when you want to choose the machine."
  }, {
    "q": "Will my code be executed at the same time as my other code?",
    "a": "Yes: each environment runs one event at a time, and there are as many environments as events need."
  }]
};

exports.handler = function (event, context) {
  var rand = Math.floor(Math.random() * json.questions.length);
  console.log("Quote selected: ", rand);

  var response = {
    body: JSON.stringify(json.questions[rand])
  };
  console.log(response);
  context.succeed(response);
};
