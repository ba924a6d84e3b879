print("reeved")
