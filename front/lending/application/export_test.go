package application

// Smallest is tested alone: nothing less than a loan of millions tells it from what the product says.
var Smallest = smallest
